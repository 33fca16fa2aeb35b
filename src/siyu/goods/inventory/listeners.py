"""What stock does by itself: expired pieces go, and the sums are proved all the time."""

from siyu.goods.inventory.expiry import sweep_expired
from siyu.goods.inventory.proofs import sweep_proof
from siyu.runtime.worker import Sweep

SWEEPS = (
    # A day ends once; looking every ten minutes keeps what expired at midnight out of the morning's orders.
    Sweep("inventory.expired", 600.0, sweep_expired),
    Sweep("inventory.proof", 60.0, sweep_proof),
)

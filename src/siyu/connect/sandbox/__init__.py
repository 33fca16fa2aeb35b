"""The other side of the wire, for demos and tests: WeChat Pay, WeChat sign-in and the SMS vendor on one machine.

It speaks the real protocols with keys of its own, and has two doors that the real services lack: a phone to look
at (`/phone`, `/cashier`) and a control API (`/sandbox/…`, this machine only) to make things go wrong on demand.
"""

from siyu.connect.sandbox.app import create
from siyu.connect.sandbox.history import PastPayment, PastRefund, add_payments
from siyu.connect.sandbox.keys import ensure_keys
from siyu.connect.sandbox.persons import add_person

__all__ = ["PastPayment", "PastRefund", "add_payments", "add_person", "create", "ensure_keys"]

"""What states of commission are called, in Chinese; pages translate the rest."""

from siyu.growth.distribution.model import Commission
from siyu.web import mark

EXPECTED = (mark("预计"), "neutral")
COMMISSION_STATES = {
    "pending": (mark("待结算"), "info"),
    "payable": (mark("可结算"), "good"),
    "reversed": (mark("已冲回"), "neutral"),
}


def state_of(line: Commission) -> tuple[str, str]:
    """Word and tone of a commission line: what waits for the buyer to get the goods is only expected."""
    if line.state == "pending" and line.matures_at is None:
        return EXPECTED
    return COMMISSION_STATES[line.state]

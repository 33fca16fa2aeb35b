"""Activities 活动: what is on now – flash sales, groups, bargains, presales, points – in one list and on each product."""

from siyu.trade.activities.gathering import gathered

__all__ = ["gathered"]

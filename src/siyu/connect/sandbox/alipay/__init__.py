"""Alipay's side of the wire: the gateway address, the pages where shoppers pay, notices and bills."""

from siyu.connect.sandbox.alipay.api import router
from siyu.connect.sandbox.alipay.control import control_router

__all__ = ["control_router", "router"]

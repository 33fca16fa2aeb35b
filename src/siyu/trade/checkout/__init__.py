"""Checkout: who, how, where to, how much, and one button; also for people who do not sign in. Owns no table.

Everything is asked again when the button is pressed: prices, stock, freight and slots. What changed is shown before
anything is ordered.
"""

from siyu.trade.checkout.listeners import CONSUMERS

__all__ = ["CONSUMERS"]

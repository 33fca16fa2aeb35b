"""Notices 消息: what the shop has to tell a customer about their own things, inside the shop. Owns the table notices.

A notice is service, not advertising: it needs no consent, is never pushed, and is told once about each thing. Rooms say
what happened (`tell`); the words belong to the kind and are in the reader's language.
"""

from siyu.people.notices.listening import CONSUMERS
from siyu.people.notices.model import Notice, Told
from siyu.people.notices.queries import listing, unread
from siyu.people.notices.reminding import SWEEPS
from siyu.people.notices.telling import mark_read, tell

__all__ = ["CONSUMERS", "SWEEPS", "Notice", "Told", "listing", "mark_read", "tell", "unread"]

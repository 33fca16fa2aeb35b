"""Staff of the merchant: owner, operators, finance, store guides. Owns table staff.

Passwords are kept as Argon2id hashes. A new password, or being switched off, ends every session of the person.
"""

from siyu.people.staff.actions import add, hire, set_active, set_password
from siyu.people.staff.model import LoginTaken, OwnAccount, StaffMember, WrongPassword
from siyu.people.staff.queries import every
from siyu.people.staff.signing_in import sign_in
from siyu.people.staff.words import role_word

__all__ = [
    "LoginTaken",
    "OwnAccount",
    "StaffMember",
    "WrongPassword",
    "add",
    "every",
    "hire",
    "role_word",
    "set_active",
    "set_password",
    "sign_in",
]

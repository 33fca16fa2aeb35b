"""Staff of the merchant: built-in roles and the merchant's own, teams, what each may do and see.

Owns tables staff, staff_stores, roles and teams. Passwords are kept as Argon2id hashes. A new password, a change of
rights, or being switched off ends every session of the person.
"""

from siyu.people.staff.actions import add, change, hire, set_active, set_password
from siyu.people.staff.audit_words import action_word
from siyu.people.staff.model import (
    Assignment,
    BeyondOwnRights,
    LastOwner,
    LoginTaken,
    NameTaken,
    OwnAccount,
    Role,
    RoleInUse,
    StaffMember,
    Team,
    WrongPassword,
)
from siyu.people.staff.queries import every, find
from siyu.people.staff.roles import NewRole, add_team, remove_team, teams
from siyu.people.staff.roles import add as add_role
from siyu.people.staff.roles import change as change_role
from siyu.people.staff.roles import every as own_roles
from siyu.people.staff.roles import remove as remove_role
from siyu.people.staff.signing_in import sign_in
from siyu.people.staff.words import role_word

__all__ = [
    "Assignment",
    "BeyondOwnRights",
    "LastOwner",
    "LoginTaken",
    "NameTaken",
    "NewRole",
    "OwnAccount",
    "Role",
    "RoleInUse",
    "StaffMember",
    "Team",
    "WrongPassword",
    "action_word",
    "add",
    "add_role",
    "add_team",
    "change",
    "change_role",
    "every",
    "find",
    "hire",
    "own_roles",
    "remove_role",
    "remove_team",
    "role_word",
    "set_active",
    "set_password",
    "sign_in",
    "teams",
]

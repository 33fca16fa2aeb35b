"""Structs and refusals of staff."""

from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError


class StaffMember(msgspec.Struct, frozen=True):
    """Somebody who works here. `role` is a built-in one or 'custom'; then `role_id` says which.

    `store_ids` are the stores they serve (none: all), `store_id` the one of these they stand in.
    """

    id: UUID
    login: str
    name: str
    role: str
    store_id: UUID | None
    store_name: str | None
    is_active: bool
    role_id: UUID | None = None
    role_name: str | None = None
    team_id: UUID | None = None
    team_name: str | None = None
    store_ids: tuple[UUID, ...] = ()
    store_names: tuple[str, ...] = ()


class Role(msgspec.Struct, frozen=True):
    """A role that the merchant made. `scope` is all, stores (one's own) or team (the stores of one's team)."""

    id: UUID
    name: str
    permissions: tuple[str, ...]
    scope: str
    members: int


class Team(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    members: tuple[str, ...]


class Assignment(msgspec.Struct, frozen=True):
    """What somebody is here: a built-in role's name or the id of a role, their stores (none: all) and their team."""

    role: str
    store_ids: tuple[UUID, ...] = ()
    team_id: UUID | None = None


class WrongPassword(DomainError):
    """The login or the password is wrong; which of the two is not said."""

    code = "staff.wrong_password"
    status = 401
    zh = "账号或密码不正确。"
    en = "The login or the password is wrong."


class LoginTaken(DomainError):
    """Somebody of this merchant already signs in with this login. Nothing was changed."""

    code = "staff.login_taken"
    status = 409
    zh = "账号 {login} 已被使用，请换一个。"
    en = "The login {login} is already in use; please choose another."


class OwnAccount(DomainError):
    """Nobody switches off the account they are using. Nothing was changed."""

    code = "staff.own_account"
    status = 409
    zh = "不能停用自己正在使用的账号。"
    en = "You cannot switch off the account you are using."


class BeyondOwnRights(DomainError):
    """Nobody gives, or lays hands on, rights they do not have themselves. Nothing was changed."""

    code = "staff.beyond_own_rights"
    status = 403
    zh = "你没有其中的权限或数据范围，不能授予或修改：{what}。"
    en = "You do not have these rights yourself, so you cannot grant or change them: {what}."


class LastOwner(DomainError):
    """The shop always has an owner who can sign in. Nothing was changed."""

    code = "staff.last_owner"
    status = 409
    zh = "至少要保留一位使用中的店主。"
    en = "At least one active owner must remain."


class RoleInUse(DomainError):
    """Somebody still has this role or is in this team. Nothing was changed."""

    code = "staff.in_use"
    status = 409
    zh = "还有 {count} 位员工在用，请先调整他们。"
    en = "{count} members of staff still have it; change them first."


class NameTaken(DomainError):
    """Another role or team has this name. Nothing was changed."""

    code = "staff.name_taken"
    status = 409
    zh = "名称「{name}」已被使用，请换一个。"
    en = "The name {name} is already in use; please choose another."

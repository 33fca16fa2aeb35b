"""Structs and refusals of staff."""

from uuid import UUID

import msgspec

from siyu.kernel.errors import DomainError


class StaffMember(msgspec.Struct, frozen=True):
    id: UUID
    login: str
    name: str
    role: str
    store_id: UUID | None
    store_name: str | None
    is_active: bool


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

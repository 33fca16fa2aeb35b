"""Web sign-in of an official account (网页授权): send the browser to WeChat, get a code back, ask who it is."""

import logging
import re
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from siyu.connect import calls
from siyu.kernel.errors import DomainError
from siyu.settings import Settings

logger = logging.getLogger(__name__)

T = TypeVar("T")

STATE = re.compile(r"[0-9A-Za-z]{1,128}")
SCOPES = ("snsapi_base", "snsapi_userinfo")
BUSY = -1  # WeChat's "system busy, try again"


class SignInRefused(DomainError):
    """WeChat does not vouch for this visitor: a used or expired code, or a visitor of a snapshot page."""

    code = "wechat.sign_in_refused"
    status = 401
    zh = "微信登录没有成功（{reason}），请重新打开页面再试。"
    en = "Signing in with WeChat did not work ({reason}); please open the page again."

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class SignInUnavailable(DomainError):
    """WeChat could not be asked; trying again may help."""

    code = "wechat.unavailable"
    status = 503
    zh = "微信暂时没有响应，请稍后再试。"
    en = "WeChat is not answering; please try again shortly."


class WeChatUser(msgspec.Struct, frozen=True):
    """A visitor that WeChat vouches for. `unionid` is empty unless the account is bound to an open platform;
    name and picture are empty for the silent scope.
    """

    openid: str
    unionid: str
    nickname: str
    avatar_url: str
    is_snapshot: bool


class Refusal(msgspec.Struct, frozen=True):
    """WeChat's errors come with HTTP 200."""

    errcode: int = 0
    errmsg: str = ""


class Token(msgspec.Struct, frozen=True):
    access_token: str
    openid: str
    scope: str = ""
    unionid: str = ""
    is_snapshotuser: int = 0


class Profile(msgspec.Struct, frozen=True):
    openid: str
    nickname: str = ""
    headimgurl: str = ""
    unionid: str = ""


class OfficialAccount:
    """One official account. Keeps connections open; `aclose` lets them go."""

    def __init__(
        self, app_id: str, secret: str, api_url: str, open_url: str, http: httpx.AsyncClient | None = None
    ) -> None:
        self.app_id = app_id
        self._secret = secret
        self._api_url = api_url.rstrip("/")
        self._open_url = open_url.rstrip("/")
        self._http = http or calls.client(api_url)
        self._closes_http = http is None

    async def aclose(self) -> None:
        """Close the connections, unless the client was lent to us."""
        if self._closes_http:
            await self._http.aclose()

    def oauth_url(self, redirect_uri: str, state: str, scope: str = "snsapi_userinfo") -> str:
        """Where to send the browser. It comes back to `redirect_uri` with `code` and the same `state`.

        `state` is 1 to 128 letters and digits, chosen so that nobody else can guess it.
        """
        assert STATE.fullmatch(state), "WeChat takes 1 to 128 letters and digits as state"
        assert scope in SCOPES, "WeChat knows two scopes"
        # WeChat insists on this order of the parameters and on the fragment.
        return (
            f"{self._open_url}/connect/oauth2/authorize?appid={quote(self.app_id, safe='')}"
            f"&redirect_uri={quote(redirect_uri, safe='')}&response_type=code"
            f"&scope={scope}&state={state}#wechat_redirect"
        )

    async def exchange_code(self, code: str) -> WeChatUser:
        """Who came back with `code`. A code works once, for five minutes.

        Raises SignInRefused, also for snapshot visitors (快照页): WeChat gives them a made-up identity that must
        not become an account. Raises SignInUnavailable when WeChat does not answer.
        """
        if not code:
            raise SignInRefused("code_missing")
        token = await self._get(
            "/sns/oauth2/access_token",
            {"appid": self.app_id, "secret": self._secret, "code": code, "grant_type": "authorization_code"},
            Token,
        )
        if token.is_snapshotuser:
            raise SignInRefused("snapshot_visitor")
        if "snsapi_userinfo" not in token.scope.split(","):
            return WeChatUser(token.openid, token.unionid, nickname="", avatar_url="", is_snapshot=False)
        profile = await self._get(
            "/sns/userinfo",
            {"access_token": token.access_token, "openid": token.openid, "lang": "zh_CN"},
            Profile,
        )
        if profile.openid != token.openid:
            raise SignInRefused("identity_differs")
        return WeChatUser(
            openid=token.openid,
            unionid=profile.unionid or token.unionid,
            nickname=profile.nickname,
            avatar_url=profile.headimgurl,
            is_snapshot=False,
        )

    async def _get(self, path: str, parameters: dict[str, str], kind: type[T]) -> T:
        # The query carries the secret, so neither it nor the address is ever logged.
        try:
            response = await self._http.get(self._api_url + path, params=parameters)
            response.raise_for_status()
            refusal = msgspec.json.decode(response.content, type=Refusal)
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            logger.warning("wechat %s: no usable answer (%s)", path, type(error).__name__)
            raise SignInUnavailable from None
        if refusal.errcode == BUSY:
            raise SignInUnavailable
        if refusal.errcode:
            logger.warning("wechat %s: errcode %s", path, refusal.errcode)
            raise SignInRefused(f"errcode {refusal.errcode}")
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.MsgspecError:
            raise SignInUnavailable from None


def from_settings(settings: Settings, http: httpx.AsyncClient | None = None) -> OfficialAccount:
    """The official account that the settings name. Raises ValueError when they name none."""
    if not (settings.wechat_app_id and settings.wechat_app_secret):
        raise ValueError(
            "WeChat sign-in is not configured; set SIYU_WECHAT_APP_ID and SIYU_WECHAT_APP_SECRET"
        )
    return OfficialAccount(
        settings.wechat_app_id,
        settings.wechat_app_secret,
        settings.wechat_api_url,
        settings.wechat_open_url,
        http,
    )

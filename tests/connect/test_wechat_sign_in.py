"""Web sign-in through the sandbox: the page on the phone, the code, the identity."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from siyu.connect import sandbox, wechat
from siyu.settings import Settings

BACK = "http://127.0.0.1:8000/shop/demo/signed-in?door=D1"
SHOPPER = "oShopper00000000000000000001"


async def code_for(wire, person: str = SHOPPER, scope: str = "snsapi_userinfo") -> str:
    url = wire.account.oauth_url(BACK, "STATE1", scope).partition("#")[0]
    response = await wire.http.get(f"{url}&as={person}")
    assert response.status_code == 302
    query = parse_qs(urlsplit(response.headers["Location"]).query)
    assert (query["door"], query["state"]) == (["D1"], ["STATE1"])
    return query["code"][0]


async def refused(wire, code: str) -> str:
    with pytest.raises(wechat.SignInRefused) as caught:
        await wire.account.exchange_code(code)
    assert caught.value.status == 401
    return caught.value.reason


def test_the_sign_in_link_has_wechats_order_of_parameters_and_its_fragment():
    account = wechat.OfficialAccount("wx1", "s", "http://127.0.0.1:1", "https://open.weixin.qq.com/")
    assert account.oauth_url("https://shop.example.com/in?a=1&b=2", "abc123") == (
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx1"
        "&redirect_uri=https%3A%2F%2Fshop.example.com%2Fin%3Fa%3D1%26b%3D2&response_type=code"
        "&scope=snsapi_userinfo&state=abc123#wechat_redirect"
    )
    with pytest.raises(AssertionError):
        account.oauth_url("https://shop.example.com/in", "no spaces")


async def test_a_person_signs_in_and_is_who_they_are(wire):
    user = await wire.account.exchange_code(await code_for(wire))
    person = sandbox.add_person(wire.folder, openid=SHOPPER, nickname="小明", phone="13800138000")
    assert user == wechat.WeChatUser(
        openid=SHOPPER,
        unionid=person.unionid,
        nickname="小明",
        avatar_url=f"http://127.0.0.1:8001/avatars/{SHOPPER}.svg",
        is_snapshot=False,
    )
    picture = await wire.http.get(urlsplit(user.avatar_url).path)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")
    assert "小" in picture.text


async def test_the_silent_scope_gives_an_openid_and_nothing_else(wire):
    user = await wire.account.exchange_code(await code_for(wire, scope="snsapi_base"))
    assert (user.openid, user.nickname, user.avatar_url) == (SHOPPER, "", "")


async def test_a_code_works_once_and_for_five_minutes(wire, later):
    code = await code_for(wire)
    await wire.account.exchange_code(code)
    assert await refused(wire, code) == "errcode 40163"
    code = await code_for(wire)
    later(300)
    assert await refused(wire, code) == "errcode 40029"
    assert await refused(wire, "made up") == "errcode 40029"
    assert await refused(wire, "") == "code_missing"


async def test_a_wrong_secret_or_app_is_refused(wire):
    code = await code_for(wire)
    base = "http://127.0.0.1:8001"
    for app_id, secret, errcode in (
        (wire.settings.wechat_app_id, "wrong", "errcode 40125"),
        ("wx0", wire.settings.wechat_app_secret, "errcode 40013"),
    ):
        other = wechat.OfficialAccount(app_id, secret, base, base, http=wire.http)
        with pytest.raises(wechat.SignInRefused) as caught:
            await other.exchange_code(code)
        assert caught.value.reason == errcode
    assert (await wire.account.exchange_code(code)).openid == SHOPPER


async def test_a_visitor_of_a_snapshot_page_is_refused(wire):
    await wire.flags(is_visitor_snapshot=True)
    assert await refused(wire, await code_for(wire)) == "snapshot_visitor"


async def test_without_an_open_platform_there_is_no_unionid(wire):
    await wire.flags(is_unionid_given=False)
    assert (await wire.account.exchange_code(await code_for(wire))).unionid == ""


async def test_wechat_not_answering_is_unavailable_not_refused():
    transport = httpx.MockTransport(lambda _: httpx.Response(502, text="bad gateway"))
    async with httpx.AsyncClient(transport=transport) as http:
        account = wechat.OfficialAccount("wx1", "s", "http://127.0.0.1:1", "http://127.0.0.1:1", http=http)
        with pytest.raises(wechat.SignInUnavailable):
            await account.exchange_code("code")
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, json={"errcode": -1, "errmsg": "system busy"})
    )
    async with httpx.AsyncClient(transport=transport) as http:
        account = wechat.OfficialAccount("wx1", "s", "http://127.0.0.1:1", "http://127.0.0.1:1", http=http)
        with pytest.raises(wechat.SignInUnavailable):
            await account.exchange_code("code")


def test_an_account_that_is_not_configured_names_its_settings():
    with pytest.raises(ValueError, match="SIYU_WECHAT_APP_ID"):
        wechat.from_settings(Settings())


async def test_the_page_offers_everybody_and_a_new_person_can_join(wire):
    url = wire.account.oauth_url(BACK, "STATE1").partition("#")[0]
    page = await wire.http.get(url)
    assert page.status_code == 200
    assert f'as={SHOPPER}" data-person="小明"' in page.text
    english = await wire.http.get(f"{url}&lang=en")
    assert "Who is holding this phone?" in english.text
    form = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    joined = await wire.http.post(
        "/connect/oauth2/authorize", data={**form, "nickname": "李阿姨", "phone": ""}
    )
    assert joined.status_code == 302
    code = parse_qs(urlsplit(joined.headers["Location"]).query)["code"][0]
    user = await wire.account.exchange_code(code)
    assert (user.nickname, len(user.openid), user.openid[0]) == ("李阿姨", 28, "o")
    nameless = await wire.http.post("/connect/oauth2/authorize", data={**form, "nickname": " "})
    assert nameless.status_code == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appid", "wx0"),
        ("redirect_uri", "javascript:alert(1)"),
        ("response_type", "token"),
        ("scope", "snsapi_login"),
        ("state", "a b"),
    ],
)
async def test_a_wrong_link_sends_nobody_anywhere(wire, name, value):
    url = urlsplit(wire.account.oauth_url(BACK, "STATE1"))
    parameters = {key: values[0] for key, values in parse_qs(url.query).items()} | {
        name: value,
        "as": SHOPPER,
    }
    response = await wire.http.get(url.path, params=parameters)
    assert response.status_code == 400
    assert "Location" not in response.headers


async def test_a_token_opens_only_its_owners_profile(wire):
    code = await code_for(wire)
    query = {
        "appid": wire.settings.wechat_app_id,
        "secret": wire.settings.wechat_app_secret,
        "code": code,
        "grant_type": "authorization_code",
    }
    token = (await wire.http.get("/sns/oauth2/access_token", params=query)).json()["access_token"]
    for given, errcode in (
        ({"access_token": token, "openid": "oSomebody"}, 40003),
        ({"access_token": "made up", "openid": SHOPPER}, 40001),
    ):
        answer = await wire.http.get("/sns/userinfo", params=given)
        assert (answer.status_code, answer.json()["errcode"]) == (200, errcode)

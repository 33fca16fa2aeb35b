"""Sign-in codes through the sandbox's SMS vendor."""

import hashlib

import httpx
import msgspec
import pytest

from siyu.connect import sms
from siyu.kernel import clock
from siyu.settings import Settings

PHONE = "13800138000"


async def inbox(wire, phone: str = PHONE) -> list[str]:
    return [text["code"] for text in (await wire.http.get(f"/sandbox/sms?phone={phone}")).json()]


async def test_a_code_arrives_on_the_phone(wire):
    receipt = await wire.sender.send_code(PHONE, "042137")
    (text,) = (await wire.http.get(f"/sandbox/sms?phone={PHONE}")).json()
    assert (text["code"], text["biz_id"], text["template"]) == ("042137", receipt, "SMS_000001")
    page = await wire.http.get("/phone")
    assert f'data-phone="{PHONE}" data-code="042137"' in page.text


async def test_a_number_gets_one_code_a_minute_five_an_hour_and_ten_a_day(wire, later):
    async def refused() -> bool:
        try:
            await wire.sender.send_code(PHONE, "111111")
        except sms.SendRefused as refusal:
            assert (refusal.vendor_code, refusal.is_limit) == ("isv.BUSINESS_LIMIT_CONTROL", True)
            return True
        return False

    outcomes = []
    for pause in (0, 30, 31, 60, 60, 60, 60, 3600, 60, 60, 60, 60, 3600):
        later(pause)
        outcomes.append(await refused())
    assert outcomes == [
        False,
        True,
        False,
        False,
        False,
        False,
        True,
        False,
        False,
        False,
        False,
        False,
        True,
    ]
    assert len(await inbox(wire)) == 10
    assert await wire.sender.send_code("13900139000", "222222")


async def test_the_limits_can_be_switched_off(wire):
    await wire.flags(are_sms_limits_on=False)
    for code in ("1", "2", "3"):
        await wire.sender.send_code(PHONE, code)
    assert await inbox(wire) == ["3", "2", "1"]


async def test_a_number_that_is_none_is_refused_before_the_vendor_is_asked(wire):
    for phone in ("", "1380013800", "+8613800138000", "23800138000", "138001380001"):
        with pytest.raises(sms.SendRefused) as caught:
            await wire.sender.send_code(phone, "1")
        assert (caught.value.vendor_code, caught.value.is_limit) == ("isv.MOBILE_NUMBER_ILLEGAL", False)


def a_sender(wire, http: httpx.AsyncClient, **changes: str) -> sms.Sender:
    return sms.from_settings(msgspec.structs.replace(wire.settings, **changes), http=http)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sms_access_key_secret": "wrong"}, "SignatureDoesNotMatch"),
        ({"sms_access_key_id": "LTAIwrong"}, "InvalidAccessKeyId.NotFound"),
        ({"sms_sign_name": ""}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"sms_code_template": ""}, "isv.SMS_TEMPLATE_ILLEGAL"),
    ],
)
async def test_the_vendors_refusals_keep_their_code_and_nothing_is_sent(wire, change, code):
    with pytest.raises(sms.SendRefused) as caught:
        await a_sender(wire, wire.http, **change).send_code(PHONE, "1")
    assert caught.value.vendor_code == code
    assert await inbox(wire) == []


async def test_a_request_cannot_be_sent_twice_nor_a_quarter_hour_later(wire, later):
    sent: list[httpx.Request] = []

    async def keep(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"Code": "OK", "BizId": "1", "RequestId": "1"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(keep)) as http:
        await a_sender(wire, http).send_code(PHONE, "1")
    (request,) = sent

    async def again() -> str:
        repeated = await wire.http.post(str(request.url), headers=dict(request.headers))
        return repeated.json()["Code"]

    assert [await again(), await again()] == ["OK", "SignatureNonceUsed"]
    later(15 * 60 + 2)
    assert await again() == "InvalidTimeStamp.Expired"
    assert await inbox(wire) == ["1"]


async def test_a_client_that_signs_more_headers_is_verified_by_its_own_list(wire):
    """The vendor's own client also signs `accept` and `user-agent`."""
    query = sms.acs3_query(
        {"PhoneNumbers": PHONE, "SignName": "私域", "TemplateCode": "SMS_1", "TemplateParam": '{"code":"77"}'}
    )
    headers = {
        "accept": "application/json",
        "host": "127.0.0.1:8001",
        "user-agent": "AlibabaCloud (Linux; x86_64) Python/3.11.7",
        "x-acs-action": "SendSms",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": "8640177700c1065feae079cc683d65e9",
        "x-acs-version": "2017-05-25",
    }
    canonical = sms.acs3_canonical_request(
        method="POST",
        path="/",
        query=query,
        headers=headers,
        signed_headers=sorted(headers),
        body_sha256=headers["x-acs-content-sha256"],
    )
    signature = sms.acs3_signature(wire.settings.sms_access_key_secret, canonical)
    authorization = (
        f"ACS3-HMAC-SHA256 Credential={wire.settings.sms_access_key_id},"
        f"SignedHeaders={';'.join(sorted(headers))},Signature={signature}"
    )
    response = await wire.http.post(f"/?{query}", headers={**headers, "Authorization": authorization})
    assert (response.status_code, response.json()["Code"]) == (200, "OK")
    assert await inbox(wire) == ["77"]
    tampered = await wire.http.post(
        f"/?{query}".replace("77", "78"), headers={**headers, "Authorization": authorization}
    )
    assert (tampered.status_code, tampered.json()["Code"]) == (400, "SignatureDoesNotMatch")


async def test_no_answer_is_unsure(wire):
    transport = httpx.MockTransport(lambda _: httpx.Response(503, text="down"))
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(sms.SendUnsure):
            await a_sender(wire, http).send_code(PHONE, "1")


def test_a_sender_that_is_not_configured_names_its_settings():
    with pytest.raises(ValueError, match="SIYU_SMS_ACCESS_KEY_ID"):
        sms.from_settings(Settings())

"""WeChat Pay v3 against recorded messages that several independent implementations agree on."""

import httpx
import pytest

from siyu.connect import crypto, wxpay

REQUESTS = range(6)
CALLBACKS = {
    "payment success": ("TRANSACTION.SUCCESS", 9900, None),
    "refund success": ("REFUND.SUCCESS", None, 3000),
    "transfer finished": ("MCHTRANSFER.BILL.FINISHED", None, None),
    "profit sharing moved": ("TRANSACTION.SUCCESS", None, None),
}
REFUSALS = {
    "tampered body": "signature_invalid",
    "signature probe": "signature_probe",
    "stale timestamp": "timestamp_stale",
    "unknown serial": "serial_unknown",
}


@pytest.fixture
def recorded(load_vectors):
    return load_vectors("wechatpay_v3.json")


@pytest.fixture
def credentials(recorded):
    platform = recorded["platform"]
    return wxpay.Credentials(
        merchant_id=recorded["mchid"],
        app_id="wxd678efh567hg6787",
        merchant_serial=recorded["merchant"]["serial_no"],
        private_key_pem=recorded["merchant"]["private_key_pkcs8_pem"].encode(),
        api_v3_key=recorded["apiv3_key"].encode(),
        platform_keys={platform["public_key_id"]: platform["public_key_spki_pem"].encode()},
        base_url="http://127.0.0.1:9",
    )


@pytest.mark.parametrize("index", REQUESTS)
def test_a_request_is_signed_byte_for_byte_as_recorded(recorded, credentials, index):
    case = recorded["request_signing"][index]
    message = wxpay.request_message(
        method=case["method"],
        target=case["canonical_url"],
        timestamp=case["timestamp"],
        nonce=case["nonce_str"],
        body=case["body"].encode(),
    )
    assert message.decode() == case["string_to_sign"]
    header = wxpay.authorization(
        merchant_id=credentials.merchant_id,
        serial=credentials.merchant_serial,
        private_key_pem=credentials.private_key_pem,
        timestamp=case["timestamp"],
        nonce=case["nonce_str"],
        message=message,
    )
    assert header == case["authorization"]


def test_client_parameters_are_signed_as_recorded(recorded, credentials):
    case = recorded["client_pay_sign"]
    given = case["client_params_jsapi"]
    message = wxpay.payment_message(
        app_id=given["appId"], timestamp=given["timeStamp"], nonce=given["nonceStr"], package=given["package"]
    )
    assert message.decode() == case["jsapi_or_miniprogram"]["string_to_sign"]
    assert crypto.sign(credentials.private_key_pem, message) == given["paySign"]


def test_the_officially_published_pay_signature_verifies(recorded):
    case = recorded["official_published_paysign"]
    message = wxpay.payment_message(
        app_id=case["appId"],
        timestamp=case["timeStamp"],
        nonce=case["nonceStr"],
        package=f"prepay_id={case['prepay_id']}",
    )
    key, signature = case["public_key_spki_pem"].encode(), case["jsapi_or_miniprogram"]["paySign"]
    assert crypto.verify(key, message, signature)
    assert not crypto.verify(key, message.replace(b"wx24", b"wx25"), signature)


async def test_recorded_answers_are_believed_or_mapped(recorded, credentials, at_moment):
    at_moment(1795340002)
    answers = iter(recorded["response_signatures"])

    def answer(_request: httpx.Request) -> httpx.Response:
        case = next(answers)
        return httpx.Response(case["status"], content=case["body"].encode(), headers=case["headers"])

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        gateway = wxpay.Gateway(credentials, http=http)
        body = await gateway._line.call("POST", "/v3/pay/transactions/jsapi")
        assert body == b'{"prepay_id":"wx22180000000000sandbox0000000001"}'
        await gateway.close("SO2026112200001")
        assert await gateway.query("SO2026112200001") is None


async def test_a_recorded_answer_is_not_believed_six_minutes_later(recorded, credentials, at_moment):
    at_moment(1795340002 + 360)
    case = recorded["response_signatures"][0]
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, content=case["body"].encode(), headers=case["headers"])
    )
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(wxpay.AnswerNotTrusted) as caught:
            await wxpay.Gateway(credentials, http=http).query("SO2026112200001")
    assert caught.value.gateway_code == "timestamp_stale"


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_recorded_callback_opens(recorded, credentials, at_moment, name):
    at_moment(1795340100)
    case = next(c for c in recorded["callbacks"] if c["name"] == name)
    event_type, total, refund = CALLBACKS[name]
    # Proxies rewrite the case of header names, so any spelling must do.
    headers = {key.upper(): value for key, value in case["headers"].items()}
    callback = wxpay.open_callback(credentials, headers, case["body"].encode())
    assert callback.event_type == event_type
    assert (callback.transaction.total if callback.transaction else None) == total
    assert (callback.refund.refund if callback.refund else None) == refund


def test_a_payment_callback_carries_all_we_check(recorded, credentials, at_moment):
    at_moment(1795340100)
    case = recorded["callbacks"][0]
    transaction = wxpay.open_callback(credentials, case["headers"], case["body"].encode()).transaction
    assert transaction.out_trade_no == "SO2026112200001"
    assert transaction.transaction_id == "4200002026112200000000000001"
    assert (transaction.trade_state, transaction.total, transaction.currency) == ("SUCCESS", 9900, "CNY")
    assert transaction.openid == "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
    assert transaction.success_time.isoformat() == "2026-11-22T09:34:59+00:00"


@pytest.mark.parametrize("name", REFUSALS)
def test_a_recorded_hostile_callback_is_refused(recorded, credentials, at_moment, name):
    at_moment(1795340100)
    case = next(c for c in recorded["negative_callbacks"] if c["name"] == name)
    with pytest.raises(wxpay.CallbackRefused) as caught:
        wxpay.open_callback(credentials, case["headers"], case["body"].encode())
    assert (caught.value.reason, caught.value.status) == (REFUSALS[name], 401)


@pytest.mark.parametrize(
    "header", ["Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Signature", "Wechatpay-Serial"]
)
def test_a_callback_without_one_of_the_headers_is_refused(recorded, credentials, at_moment, header):
    at_moment(1795340100)
    case = recorded["callbacks"][0]
    headers = {key: value for key, value in case["headers"].items() if key != header}
    with pytest.raises(wxpay.CallbackRefused) as caught:
        wxpay.open_callback(credentials, headers, case["body"].encode())
    assert caught.value.reason == "header_missing"


def test_a_callback_for_another_merchant_or_app_is_refused(recorded, credentials, at_moment):
    at_moment(1795340100)
    case = recorded["callbacks"][0]
    for change, reason in (
        ({"merchant_id": "1900000001"}, "other_merchant"),
        ({"app_id": "wx1"}, "other_app"),
    ):
        fields = {name: getattr(credentials, name) for name in credentials.__struct_fields__}
        with pytest.raises(wxpay.CallbackRefused) as caught:
            wxpay.open_callback(
                wxpay.Credentials(**{**fields, **change}), case["headers"], case["body"].encode()
            )
        assert caught.value.reason == reason


def test_a_platform_certificate_works_as_a_key_too(recorded, credentials):
    case = recorded["callbacks"][0]
    certificate = recorded["platform"]["certificate_pem"].encode()
    message = case["string_to_verify"].encode()
    assert crypto.verify(certificate, message, case["headers"]["Wechatpay-Signature"])


def test_sealed_certificates_and_hidden_fields_open(recorded):
    for item in recorded["platform_certificate_download"]["data"]:
        sealed = item["encrypt_certificate"]
        opened = crypto.open_sealed(
            recorded["apiv3_key"].encode(),
            sealed["ciphertext"],
            nonce=sealed["nonce"],
            associated_data=sealed["associated_data"],
        )
        assert opened.startswith(b"-----BEGIN CERTIFICATE-----")
    field = recorded["sensitive_field_oaep"]
    key = recorded["platform"]["private_key_pkcs8_pem"].encode()
    assert crypto.reveal(key, field["ciphertext"]) == field["plaintext"]
    assert crypto.reveal(key, crypto.hide(crypto.public_half(key), "张三")) == "张三"
    with pytest.raises(crypto.CannotOpen):
        crypto.open_sealed(b"0" * 32, "AAAA", nonce="593BEC0C930B", associated_data="")

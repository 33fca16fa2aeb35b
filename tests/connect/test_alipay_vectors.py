"""Alipay's RSA2 signatures against recorded requests, notices and answers."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import data, integers

from siyu.connect import alipay

NOTICES = {
    "paid": None,
    "partial_refund": None,
    "closed": None,
    "tampered_amount": "signature_invalid",
    "good_sign_wrong_app_id": "other_app",
    "good_sign_wrong_amount": None,
    "sha1_downgrade": "signature_invalid",
}
EVENTS = {
    "paid": ("TRANSACTION.SUCCESS", "SUCCESS", 8888, ""),
    "partial_refund": ("REFUND.SUCCESS", "REFUND", 8888, "RF20261122000001"),
    "closed": ("TRANSACTION.CLOSED", "CLOSED", 8888, ""),
    # Signed by Alipay for an order of ours: only the caller knows what that order costs.
    "good_sign_wrong_amount": ("TRANSACTION.SUCCESS", "SUCCESS", 1, ""),
}


@pytest.fixture
def recorded(load_vectors):
    return load_vectors("alipay_rsa2.json")


@pytest.mark.parametrize("index", range(6))
def test_a_request_is_signed_as_recorded(recorded, index):
    case = recorded["requests"][index]
    key = recorded["app_keys"]["private_key_pkcs8_pem"].encode()
    assert alipay.request_string(case["params"]) == case["string_to_sign"]
    assert alipay.sign_request(key, case["params"]) == case["sign"]


@pytest.fixture
def credentials(recorded) -> alipay.Credentials:
    return alipay.Credentials(
        app_id="2021000118601234",
        seller_id="2088101122136241",
        private_key_pem=recorded["app_keys"]["private_key_pkcs8_pem"].encode(),
        public_key_pem=recorded["alipay_gateway_keys"]["public_key_spki_pem"].encode(),
        url="https://openapi.alipay.com/gateway.do",
    )


@pytest.mark.parametrize("name", NOTICES)
def test_a_recorded_notice_is_opened_or_refused(recorded, credentials, name):
    case = next(n for n in recorded["notifies"] if n["name"] == name)
    if NOTICES[name]:
        with pytest.raises(alipay.CallbackRefused) as caught:
            alipay.open_notify(credentials, case["body"].encode())
        assert caught.value.reason == NOTICES[name]
        return
    assert alipay.signed_fields(credentials.public_key_pem, case["body"].encode()) == case["form"]
    callback = alipay.open_notify(credentials, case["body"].encode())
    told = callback.transaction
    assert (callback.event_type, told.trade_state, told.total, callback.refund_no) == EVENTS[name]
    assert (callback.id, callback.refund) == (case["form"]["notify_id"], None)
    assert (told.out_trade_no, told.merchant_id) == ("SO20261122000001", "2088101122136241")


def test_a_notice_for_another_seller_is_refused(recorded, credentials):
    case = recorded["notifies"][0]
    other = msgspec.structs.replace(credentials, seller_id="2088101122136242")
    with pytest.raises(alipay.CallbackRefused) as caught:
        alipay.open_notify(other, case["body"].encode())
    assert caught.value.reason == "other_merchant"


def test_times_are_read_as_china_writes_them(recorded, credentials):
    callback = alipay.open_notify(credentials, recorded["notifies"][0]["body"].encode())
    assert callback.transaction.success_time == datetime(2026, 11, 22, 2, 0, 20, tzinfo=UTC)


def test_a_notice_with_a_repeated_field_is_refused(recorded, credentials):
    case = recorded["notifies"][0]
    with pytest.raises(alipay.CallbackRefused) as caught:
        alipay.open_notify(credentials, case["body"].encode() + b"&total_amount=0.01")
    assert caught.value.reason == "field_repeated"


@given(data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_byte_of_a_notice_is_believed(recorded, credentials, data):
    body = recorded["notifies"][0]["body"].encode()
    at = data.draw(integers(0, len(body) - 1))
    byte = data.draw(integers(32, 126).filter(lambda value: value != body[at]))
    changed = body[:at] + bytes([byte]) + body[at + 1 :]
    try:
        told = alipay.open_notify(credentials, changed)
    except alipay.CallbackRefused:
        return
    # The same text in another spelling (`%41` for `A`, `+` for `%20`) is the same notice.
    assert told == alipay.open_notify(credentials, body)


@pytest.mark.parametrize("index", range(4))
def test_an_answer_is_verified_over_its_raw_text(recorded, index):
    case = recorded["sync_responses"][index]
    key = recorded["alipay_gateway_keys"]["public_key_spki_pem"].encode()
    content = alipay.open_answer(key, case["body"], case["node"])
    assert content["code"] in ("10000", "40004")
    with pytest.raises(alipay.NotSigned) as caught:
        alipay.open_answer(key, case["body"].replace('"msg":"', '"msg":"!', 1), case["node"])
    assert caught.value.reason == "signature_invalid"


def test_an_answer_that_names_its_node_twice_is_refused(recorded):
    case = recorded["sync_responses"][0]
    key = recorded["alipay_gateway_keys"]["public_key_spki_pem"].encode()
    doubled = case["body"][:-1] + f',"{case["node"]}":{{"code":"10000","total_amount":"0.01"}}}}'
    with pytest.raises(alipay.NotSigned) as caught:
        alipay.open_answer(key, doubled, case["node"])
    assert caught.value.reason == "node_ambiguous"

"""Alipay's RSA2 signatures against recorded requests, notices and answers."""

import pytest

from siyu.connect import alipay

NOTICES = {
    "paid": None,
    "partial_refund": None,
    "closed": None,
    "tampered_amount": "signature_invalid",
    "good_sign_wrong_app_id": "app_id_differs",
    "good_sign_wrong_amount": "total_amount_differs",
    "sha1_downgrade": "signature_invalid",
}
EXPECTED = alipay.Expected(
    app_id="2021000118601234",
    seller_id="2088101122136241",
    out_trade_no="SO20261122000001",
    total_amount="88.88",
)


@pytest.fixture
def recorded(load_vectors):
    return load_vectors("alipay_rsa2.json")


@pytest.mark.parametrize("index", range(6))
def test_a_request_is_signed_as_recorded(recorded, index):
    case = recorded["requests"][index]
    key = recorded["app_keys"]["private_key_pkcs8_pem"].encode()
    assert alipay.request_string(case["params"]) == case["string_to_sign"]
    assert alipay.sign_request(key, case["params"]) == case["sign"]


@pytest.mark.parametrize("name", NOTICES)
def test_a_recorded_notice_is_opened_or_refused(recorded, name):
    case = next(n for n in recorded["notifies"] if n["name"] == name)
    key = recorded["alipay_gateway_keys"]["public_key_spki_pem"].encode()
    if NOTICES[name] is None:
        assert alipay.open_notice(key, case["body"].encode(), EXPECTED) == case["form"]
        return
    with pytest.raises(alipay.NoticeRefused) as caught:
        alipay.open_notice(key, case["body"].encode(), EXPECTED)
    assert caught.value.reason == NOTICES[name]


def test_a_notice_that_says_a_field_twice_is_refused(recorded):
    case = recorded["notifies"][0]
    key = recorded["alipay_gateway_keys"]["public_key_spki_pem"].encode()
    with pytest.raises(alipay.NoticeRefused) as caught:
        alipay.open_notice(key, case["body"].encode() + b"&total_amount=0.01", EXPECTED)
    assert caught.value.reason == "field_repeated"


@pytest.mark.parametrize("index", range(4))
def test_an_answer_is_verified_over_its_raw_text(recorded, index):
    case = recorded["sync_responses"][index]
    key = recorded["alipay_gateway_keys"]["public_key_spki_pem"].encode()
    content = alipay.open_answer(key, case["body"], case["node"])
    assert content["code"] in ("10000", "40004")
    with pytest.raises(alipay.NoticeRefused) as caught:
        alipay.open_answer(key, case["body"].replace('"msg":"', '"msg":"!', 1), case["node"])
    assert caught.value.reason == "signature_invalid"


def test_an_answer_that_names_its_node_twice_is_refused(recorded):
    case = recorded["sync_responses"][0]
    key = recorded["alipay_gateway_keys"]["public_key_spki_pem"].encode()
    doubled = case["body"][:-1] + f',"{case["node"]}":{{"code":"10000","total_amount":"0.01"}}}}'
    with pytest.raises(alipay.NoticeRefused) as caught:
        alipay.open_answer(key, doubled, case["node"])
    assert caught.value.reason == "node_ambiguous"

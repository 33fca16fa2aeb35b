"""Encryption of pushed messages, published and recorded examples of WeChat and WeCom."""

import base64

import pytest

from siyu.connect.wechat import message_crypto

CASES = [
    ("mp_and_mini", "mp_message_crypto_published"),
    ("mp_and_mini", "subscribe_with_scene"),
    ("mp_and_mini", "scan_with_scene"),
    ("wecom", "url_verify_published"),
    ("wecom", "message_published"),
    ("wecom", "add_external_contact"),
    ("wecom", "echostr"),
]


@pytest.fixture
def recorded(load_vectors):
    return load_vectors("wechat_callback_crypto.json")


def taken_apart(case: dict) -> tuple[str, str, str]:
    """Ciphertext, message and receiver of a recorded case, which names them in several ways."""
    sealed = case.get("encrypt") or case["echostr"]
    message = case.get("plaintext") or case["reply_plaintext"]
    return sealed, message, case.get("receiveid") or case["appid"]


def test_the_published_address_check_signature_is_reproduced(recorded):
    case = recorded["mp_and_mini"]["server_url_check_published"]
    made = message_crypto.signature(case["token"], case["timestamp"], case["nonce"])
    assert made == "899cf89e464efb63f54ddac96b0a0a235f53aa78" == case["signature"]


@pytest.mark.parametrize(("group", "name"), CASES)
def test_a_recorded_message_opens(recorded, group, name):
    case = recorded[group][name]
    sealed, message, receiver = taken_apart(case)
    opened = message_crypto.open_message(
        case["encoding_aes_key"],
        case["token"],
        timestamp=case["timestamp"],
        nonce=case["nonce"],
        msg_signature=case["msg_signature"],
        encrypted=sealed,
        receiver=receiver,
    )
    assert opened == message


@pytest.mark.parametrize(("group", "name"), [case for case in CASES if "published" not in case[1]])
def test_a_recorded_message_seals_to_the_same_bytes(recorded, group, name):
    case = recorded[group][name]
    sealed, message, receiver = taken_apart(case)
    made = message_crypto.encrypt(
        case["encoding_aes_key"], message, receiver=receiver, random16=case["random16"].encode()
    )
    assert made == sealed


def test_a_message_for_somebody_else_a_wrong_signature_and_broken_bytes_are_refused(recorded):
    case = recorded["wecom"]["echostr"]
    key, sealed = case["encoding_aes_key"], case["encrypt"]
    with pytest.raises(message_crypto.MessageRefused) as caught:
        message_crypto.decrypt(key, sealed, receiver="ww0000000000000000")
    assert caught.value.reason == "other_receiver"
    with pytest.raises(message_crypto.MessageRefused) as caught:
        message_crypto.open_message(
            key,
            case["token"],
            timestamp="1",
            nonce="2",
            msg_signature="0" * 40,
            encrypted=sealed,
            receiver="x",
        )
    assert caught.value.reason == "signature_invalid"
    raw = bytearray(base64.b64decode(sealed))
    raw[-1] ^= 1
    for broken in (base64.b64encode(raw).decode(), "AAAA", "not base64", ""):
        with pytest.raises(message_crypto.MessageRefused) as caught:
            message_crypto.decrypt(key, broken, receiver=case["receiveid"])
        assert caught.value.reason in ("padding_invalid", "ciphertext_invalid")


def test_messages_of_every_length_around_a_block_come_back():
    key = base64.b64encode(bytes(range(32))).decode().rstrip("=")
    for length in range(70):
        sealed = message_crypto.encrypt(key, "文" * length, receiver="wx1")
        assert message_crypto.decrypt(key, sealed, receiver="wx1") == "文" * length


def test_an_encoding_key_of_the_wrong_length_is_a_configuration_fault():
    for key in ("short", "!" * 43):
        with pytest.raises(ValueError, match="43 characters"):
            message_crypto.encrypt(key, "x", receiver="wx1")

"""The SMS vendors' signatures against published and recorded examples."""

from datetime import UTC, datetime

import pytest

from siyu.connect import sms


@pytest.fixture
def recorded(load_vectors):
    return load_vectors("sms_push_storage.json")


def test_the_published_acs3_example_is_reproduced(recorded):
    case = recorded["aliyun_acs3_published"]
    assert sms.acs3_signature("YourAccessKeySecret", case["canonical_request"]) == case["signature"]


def test_a_send_sms_request_is_signed_as_recorded(recorded):
    case = recorded["aliyun_acs3_sms"]
    canonical = sms.acs3_canonical_request(
        method="POST",
        path="/",
        query=sms.acs3_query(case["query"]),
        headers=case["headers"],
        signed_headers=sorted(case["headers"]),
        body_sha256=case["headers"]["x-acs-content-sha256"],
    )
    assert canonical == case["canonical_request"]
    assert sms.acs3_signature(case["access_key_secret"], canonical) == case["signature"]


def test_a_request_of_the_vendors_own_client_verifies_by_its_own_list_of_headers(recorded):
    case = recorded["aliyun_dysms_client_request"]
    headers = {name.lower(): value for name, value in case["headers"].items()}
    parts = dict(part.split("=", 1) for part in headers["authorization"].split(" ", 1)[1].split(","))
    canonical = sms.acs3_canonical_request(
        method=case["method"],
        path=case["path"],
        query=sms.acs3_query(case["query"]),
        headers=headers,
        signed_headers=parts["SignedHeaders"].split(";"),
        body_sha256=headers["x-acs-content-sha256"],
    )
    assert sms.acs3_signature("SandboxSecret", canonical) == parts["Signature"]


def test_a_tencent_request_is_signed_as_recorded(recorded):
    case = recorded["tencent_tc3_sms"]
    made = sms.tc3_authorization(
        secret_id=case["secret_id"],
        secret_key=case["secret_key"],
        service="sms",
        host=case["headers"]["Host"],
        content_type=case["headers"]["Content-Type"],
        body=case["body"].encode(),
        signed_at=datetime.fromtimestamp(int(case["headers"]["X-TC-Timestamp"]), UTC),
    )
    assert made == case["authorization"]

import logging

import pytest

ENGLISH = {"accept-language": "en"}
HTMX = {"hx-request": "true"}


async def test_a_refusal_reaches_the_api_as_a_problem_with_its_facts(client):
    answer = await client.get("/api/v1/stock")

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "zh-CN"
    assert answer.json() == {
        "type": "urn:siyu:error:test.too_few",
        "title": "与现状冲突",
        "status": 409,
        "code": "test.too_few",
        "detail": "只剩 2 件。",
        "field": "quantity",
        "left": 2,
        "instance": "/api/v1/stock",
    }


async def test_a_refusal_is_said_in_the_language_of_the_caller(client):
    answer = await client.get("/api/v1/stock", headers=ENGLISH)

    assert (answer.json()["title"], answer.json()["detail"]) == ("Conflict", "Only 2 left.")


async def test_a_fact_in_both_languages_is_said_in_one(client):
    chinese = await client.get("/api/v1/door")
    english = await client.get("/api/v1/door", headers=ENGLISH)

    assert chinese.json()["detail"] == "没有找到入口。"
    assert english.json()["detail"] == "door was not found."


async def test_the_words_of_an_invalid_input_are_its_detail_and_not_repeated_as_facts(client):
    answer = await client.get("/api/v1/odd")

    assert answer.status_code == 422
    assert sorted(answer.json()) == ["code", "detail", "field", "instance", "status", "title", "type"]
    assert (answer.json()["field"], answer.json()["detail"]) == ("price", "价格太高。")


async def test_a_person_gets_a_page_for_a_refusal(client):
    answer = await client.get("/shop/tea/stock", headers={"accept": "text/html"})

    assert answer.status_code == 409
    assert answer.headers["content-type"].startswith("text/html")
    assert "只剩 2 件。" in answer.text
    assert 'href="/shop/tea"' in answer.text
    assert 'data-frame="shop"' in answer.text


async def test_htmx_gets_a_toast_and_the_name_of_the_field(client):
    answer = await client.get("/shop/tea/stock", headers={**HTMX, **ENGLISH})

    assert answer.status_code == 409
    assert answer.headers["hx-retarget"] == "#toasts"
    assert answer.headers["hx-reswap"] == "beforeend"
    assert answer.headers["hx-trigger"] == '{"siyu:invalid": {"field": "quantity", "detail": "Only 2 left."}}'
    assert "<html" not in answer.text
    assert "Only 2 left." in answer.text


async def test_a_boosted_link_that_fails_gets_the_whole_page(client):
    answer = await client.get("/shop/tea/stock", headers={**HTMX, "hx-boosted": "true"})

    assert answer.text.startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        (b'{"sku": "a", "quantity": "two"}', "quantity", "quantity：需要 int，收到的是 str"),
        (b'{"sku": "a", "quantity": 0}', "quantity", "quantity：不能小于 1"),
        (b'{"sku": "a"}', "quantity", "quantity：缺少字段 quantity"),
        (b'{"sku": "a", "quantity": 1, "price": 0}', "price", "price：没有名为 price 的字段"),
    ],
)
async def test_input_that_cannot_be_read_names_the_field_and_does_nothing(client, body, field, detail, told):
    answer = await client.post("/api/v1/orders", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["field"], answer.json()["detail"]) == (
        "malformed",
        field,
        detail,
    )
    assert answer.json()["errors"][0]["field"] == field
    assert told == []


async def test_a_body_that_is_not_json_is_said_so(client, told):
    answer = await client.post(
        "/api/v1/orders", content=b"{oops", headers={"content-type": "application/json"}
    )

    assert (answer.status_code, answer.json()["detail"]) == (400, "不是合法的 JSON")
    assert told == []


async def test_a_struct_that_a_room_decodes_itself_fails_in_the_same_way(client):
    answer = await client.get("/api/v1/decode", headers=ENGLISH)

    assert answer.status_code == 400
    assert (answer.json()["field"], answer.json()["detail"]) == ("quantity", "quantity: must be at least 1")


async def test_an_unknown_address_is_a_problem_for_machines_and_a_page_for_people(client):
    machine = await client.get("/api/v1/nothing")
    person = await client.get("/console/tea/nothing")

    assert (machine.status_code, machine.json()["code"]) == (404, "http_404")
    assert person.status_code == 404
    assert "这个地址没有内容" in person.text
    assert 'href="/console/tea/dashboard"' in person.text


async def test_a_wrong_method_is_405(client):
    answer = await client.get("/api/v1/orders", headers=ENGLISH)

    assert answer.status_code == 405
    assert answer.json()["detail"] == "This address does not support that method."


@pytest.mark.parametrize("address", ["/api/v1/crash", "/console/tea/crash"])
async def test_a_crash_shows_a_request_id_and_nothing_of_the_inside(client, caplog, address):
    with caplog.at_level(logging.ERROR, logger="siyu.web"):
        answer = await client.get(address, headers={"x-request-id": "req-7"})

    assert answer.status_code == 500
    assert "req-7" in answer.text
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "req-7" in caplog.text
    assert "the secret is 42" in caplog.text


async def test_a_person_who_must_sign_in_is_taken_there_and_comes_back(client):
    page = await client.get("/console/tea/private", headers={"accept": "text/html"})
    current = {"hx-current-url": "http://shop.test/console/tea/orders?state=paid"}
    part = await client.get("/console/tea/private", headers={**HTMX, **current})
    machine = await client.get("/api/v1/private")

    assert (page.status_code, page.headers["location"]) == (
        303,
        "/console/tea/signin?next=%2Fconsole%2Ftea%2Fprivate",
    )
    assert part.headers["hx-redirect"] == "/console/tea/signin?next=%2Fconsole%2Ftea%2Forders%3Fstate%3Dpaid"
    assert (machine.status_code, machine.json()["code"]) == (401, "not_signed_in")

from siyu import web


async def test_a_form_without_the_token_is_refused_and_does_nothing(client, told):
    await client.get("/csrf")

    answer = await client.post("/shop/tea/form", data={"sku": "a"})

    assert answer.status_code == 403
    assert "页面已过期" in answer.text
    assert told == []


async def test_a_form_with_the_token_is_accepted(client, told):
    token = (await client.get("/csrf")).text

    answer = await client.post("/shop/tea/form", data={web.CSRF_FIELD: token})

    assert (answer.status_code, told) == (201, ["form"])


async def test_htmx_sends_the_token_as_a_header(client, told):
    token = (await client.get("/csrf")).text

    answer = await client.post("/shop/tea/form", headers={web.CSRF_HEADER: token})

    assert (answer.status_code, told) == (201, ["form"])


async def test_a_token_of_our_own_making_is_refused(client, told):
    client.cookies.set(web.CSRF_COOKIE, "0" * 128)

    answer = await client.post("/shop/tea/form", data={web.CSRF_FIELD: "0" * 128})

    assert (answer.status_code, told) == (403, [])


async def test_the_api_needs_no_form_token(client, told):
    answer = await client.post("/api/v1/orders", json={"sku": "a", "quantity": 2})

    assert (answer.status_code, answer.json(), told) == (201, {"quantity": 2}, ["api"])


async def test_the_cookie_cannot_be_read_by_scripts(client):
    answer = await client.get("/csrf")

    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]


async def test_pages_forbid_foreign_and_inline_scripts(client):
    answer = await client.get("/shop/tea/stock")

    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy
    assert "<script>" not in answer.text
    assert " onclick=" not in answer.text


async def test_static_files_are_cached_for_a_year_under_a_versioned_address(client):
    answer = await client.get(web.static("app.js"))

    assert answer.status_code == 200
    assert "max-age=31536000" in answer.headers["cache-control"]
    assert "immutable" in answer.headers["cache-control"]
    assert "?v=" in web.static("app.js")

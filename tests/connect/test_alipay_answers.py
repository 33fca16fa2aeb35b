"""What our Alipay client makes of answers that are broken, forged, refusing or missing."""

import httpx
import msgspec
import pytest

from siyu.connect import alipay, crypto, gateways


def answered(wire, text: str, *, status: int = 200, signed: bool = True) -> alipay.Gateway:
    """A gateway that always answers a query with this node; credentials believe its own key."""
    key = wire.alipay.credentials.private_key_pem
    sign = f',"sign":"{crypto.sign(key, text.encode())}"' if signed else ""
    calls = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        assert len(calls) == 1, "nothing is ever repeated by itself"
        return httpx.Response(status, content=f'{{"alipay_trade_query_response":{text}{sign}}}'.encode())

    ours = msgspec.structs.replace(wire.alipay.credentials, public_key_pem=crypto.public_half(key))
    return alipay.Gateway(ours, http=httpx.AsyncClient(transport=httpx.MockTransport(answer)))


PAID = '{"code":"10000","out_trade_no":"A","trade_status":"TRADE_SUCCESS","total_amount":"1.00"}'


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        (PAID, {"status": 502}, "HTTP_502"),
        (PAID, {"status": 302}, "HTTP_302"),
        (PAID, {"signed": False}, "signature_invalid"),
        ('{"code":"20000","sub_code":"isp.unknow-error"}', {}, "isp.unknow-error"),
        ('{"code":"40004","sub_code":"ACQ.SYSTEM_ERROR"}', {}, "ACQ.SYSTEM_ERROR"),
        (PAID.replace("TRADE_SUCCESS", "TRADE_LOST"), {}, "content_unreadable"),
        (PAID.replace('"1.00"', "1.00"), {}, "content_unreadable"),
        (PAID.replace("1.00", "1.001"), {}, "content_unreadable"),
        ('{"code":"10000"}', {}, "content_unreadable"),
        ('{"code":10000}', {}, "content_unreadable"),
        ("[]", {}, "node_ambiguous"),
        ("{", {}, "content_unreadable"),
    ],
)
async def test_what_does_not_tell_for_certain_is_unsure(wire, text, options, reason):
    with pytest.raises(gateways.GatewayUnsure) as caught:
        await answered(wire, text, **options).query("A")
    assert caught.value.gateway_code == reason


async def test_a_plain_no_is_a_refusal(wire):
    with pytest.raises(gateways.GatewayRefused) as caught:
        await answered(wire, '{"code":"40006","sub_code":"isv.insufficient-isv-permissions"}').query("A")
    assert caught.value.gateway_code == "isv.insufficient-isv-permissions"


async def test_no_answer_is_unsure(wire):
    def silent(_request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too slow")

    async with httpx.AsyncClient(transport=httpx.MockTransport(silent)) as http:
        with pytest.raises(gateways.GatewayUnsure) as caught:
            await alipay.Gateway(wire.alipay.credentials, http=http).query("SO2026000001")
    assert (caught.value.gateway_code, "支付宝" in caught.value.sentence("zh")) == ("NO_ANSWER", True)

"""Act one and a half: orders that are sent, vouchers, bank transfers, Alipay, returns, and a bill that lies.

It comes before the books are looked at, and leaves them quiet: whatever the story left open has run its course.
"""

import re
from datetime import timedelta
from uuid import UUID

import msgspec

from siyu.connect import gateways
from siyu.demo import people
from siyu.demo.mall import home
from siyu.demo.pictures import bank_slip
from siyu.demo.proof.entering import by_phone, sign_in_staff
from siyu.demo.proof.paying import OrderThere, order_state, there, trade_number
from siyu.demo.proof.stage import Stage, until
from siyu.demo.proof.transcript import Transcript
from siyu.demo.proof.wire import Api, Browser, Unexpected, said
from siyu.demo.shelving import code_of
from siyu.goods import catalog
from siyu.kernel import clock, ids, money
from siyu.kernel.paging import Page
from siyu.money import ledger
from siyu.place import stores
from siyu.trade import aftersales, fulfilment, orders, payments, reconciliation

GUEST_PHONE = str(people.PHONE_BLOCK + 8_889)
BUYER_PHONE = str(people.PHONE_BLOCK + 8_890)
RICE = "HS020101"  # the warehouse has it
LOOKED_AT = timedelta(seconds=8)  # nobody fills in a page faster
RUN_OUT = timedelta(days=9)  # every clock of an after-sale, and the gateways' daily bills
PLANTED = 137  # fen
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
PROOF = re.compile(r'name="proof_id" value="([^"]+)"')
WAITING_PROOF = re.compile(r"/payments/proofs/([0-9a-f-]{36})/accept")
CODE = re.compile(r'<p class="code-digits">([^<]+)</p>')


SEE_OTHER, BAD = 303, 400
AT_REST = frozenset({"done", "withdrawn", "lapsed", "refused"})


class TradeThere(msgspec.Struct, frozen=True):
    """The trade as the sandbox's Alipay knows it; `total` in fen."""

    out_trade_no: str
    trade_status: str
    total: int


class Planted(msgspec.Struct, frozen=True):
    """The sandbox did it."""


class Units(msgspec.Struct, frozen=True):
    line_no: int
    quantity: int


async def drive(stage: Stage, told: Transcript, staff: Api) -> None:
    """Every new way through the shop, once."""
    told.heading("快递、退货、券码与对公转账", "parcels, returns, vouchers and transfers")
    buyer = await by_phone(stage, BUYER_PHONE)
    order = await _send(stage, told, staff, buyer)
    await _give_back(stage, told, staff, buyer, order)
    guest = await stage.browser()
    voucher = await _buy_as_guest(stage, told, staff, guest)
    await _redeem(stage, told, staff, guest, voucher)
    await _transfer(stage, told, staff, guest)
    await _reconcile(stage, told, staff, order)
    await _let_it_rest(told, staff)


async def _sku(staff: Api, search: str, code: str) -> UUID:
    """The SKU of this code, as anybody finds it."""
    for card in (await staff.get(f"/products?search={search}", Page[catalog.ProductCard])).items:
        product = await staff.get(f"/products/{card.id}", catalog.Product)
        for sku in product.skus:
            if sku.code == code:
                return sku.id
    raise Unexpected(f"the shop does not show {code}")


async def _send(stage: Stage, told: Transcript, staff: Api, buyer: Api) -> orders.Order:
    """Quoted with freight, paid by a scanned code, sent once however often it is asked, received."""
    asked = {
        "lines": [{"sku_id": await _sku(staff, "长粒香米", RICE), "quantity": 2}],
        "delivery": "express",
        "address": home(),
    }
    quote = await buyer.send("POST", "/checkout/quote", asked, orders.Quote)
    key = {"idempotency-key": str(ids.new())}
    wanted = {**asked, "expected_total": quote.total}
    placed = await buyer.send("POST", "/orders", wanted, orders.PlacedOrder, **key)
    await buyer.send("POST", f"/orders/{placed.id}/payments", {"method": "wxpay_native"}, payments.Cashier)
    number = await trade_number(staff, placed.id)
    paid = {"out_trade_no": number, "payer": stage.demo.shopper.openid}
    await stage.told("/sandbox/pay", paid, OrderThere)
    state = await until(lambda: order_state(staff, placed.id), lambda state: state == "paid")
    told.expect(
        "快递到家：货款加运费，扫码付款",
        "by parcel: goods and freight, paid by a scanned code",
        (state, placed.total, quote.goods_total + quote.freight),
        ("paid", quote.total, quote.total),
        f"{quote.goods_total} + {quote.freight} = {placed.total} fen",
    )
    box = {"carrier": "sf", "number": "SF1610000008801", "lines": [Units(1, 2)]}
    key = {"idempotency-key": str(ids.new())}
    first = await staff.send("POST", f"/orders/{placed.id}/parcels", box, fulfilment.Parcel, **key)
    again = await staff.send("POST", f"/orders/{placed.id}/parcels", box, fulfilment.Parcel, **key)
    seen = await buyer.get(f"/orders/{placed.id}/parcels", list[fulfilment.Parcel])
    shipped = await order_state(staff, placed.id)
    received = await buyer.send("POST", f"/orders/{placed.id}/receive", None, orders.Order)
    told.expect(
        "发货一次（重复提交同一包裹），买家确认收货",
        "sent once though asked twice; the buyer confirms receipt",
        (again.id, [parcel.number for parcel in seen], shipped, received.state),
        (first.id, ["SF1610000008801"], "shipped", "received"),
        f"{first.number} · paid → shipped → received",
    )
    return received


async def _give_back(stage: Stage, told: Transcript, staff: Api, buyer: Api, order: orders.Order) -> None:
    """One of two units comes back; its price goes back, and not the freight."""
    wish = {
        "id": ids.new(), "order_id": order.id, "kind": "return", "reason": "no_reason", "lines": [(1, 1)],
        "words": "多买了一袋",
    }  # fmt: skip
    opened = await buyer.send("POST", "/after-sales", wish, aftersales.Case)
    twice = await buyer.send("POST", "/after-sales", wish, aftersales.Case)
    decide = f"/after-sales/{opened.id}/decisions"
    place = order.lines[0].location_id
    agreed = await staff.send("POST", decide, {"action": "agree", "location_id": place}, aftersales.Case)
    await staff.send("POST", decide, {"action": "check_in", "restock": True}, aftersales.Case)
    case = await until(
        lambda: staff.get(f"/after-sales/{opened.id}", aftersales.Case), lambda case: case.state == "done"
    )
    known = await there(stage, await trade_number(staff, order.id))
    unit = order.lines[0].amount // 2
    told.expect(
        "两袋退一袋：寄回验收，原路退回这一袋的钱",
        "one of two comes back: checked in, exactly its price returned",
        (twice.id, agreed.state, case.state, case.refunded, [(r.refund, r.status) for r in known.refunds]),
        (opened.id, "returning", "done", unit, [(unit, "SUCCESS")]),
        f"{order.lines[0].amount} → −{unit} fen",
    )


async def _checkout(stage: Stage, guest: Browser, sku_id: UUID, **fields: str) -> UUID:
    """Fill in the page without signing in; returns the order's id."""
    shop = f"/shop/{stage.slug}"
    page = await guest.get(f"{shop}/checkout?sku={sku_id}&quantity=1")
    form = dict(HIDDEN.findall(page.text)) | fields
    await stage.later(LOOKED_AT)
    contact = {"name": "周小舟", "phone": GUEST_PHONE, "agree": "1"}
    placed = await guest.post(f"{shop}/checkout", form | contact)
    onward = placed.headers.get("location", "")
    if placed.status_code != SEE_OTHER or "/pay/" not in onward:
        raise Unexpected(f"the guest could not order: {said(placed)} {onward}")
    return UUID(onward.rpartition("/")[2])


async def _buy_as_guest(stage: Stage, told: Transcript, staff: Api, guest: Browser) -> UUID:
    """Somebody who never signed in buys a voucher and pays at Alipay."""
    sku_id = await _sku(staff, "面部补水护理体验券", code_of("facial"))
    order_id = await _checkout(stage, guest, sku_id, delivery="none")
    pay = f"/shop/{stage.slug}/pay/{order_id}"
    await guest.get(pay)
    begun = await guest.post(f"{pay}/begin", {"method": "alipay_page"})
    wanted = {"url": begun.headers.get("location", ""), "payer": stage.demo.shopper.openid}
    trade = await stage.told("/sandbox/alipay/pay", wanted, TradeThere)
    state = await until(lambda: order_state(staff, order_id), lambda state: state == "paid")
    told.expect(
        "不登录下单，支付宝付款",
        "ordered without signing in, paid at Alipay",
        (begun.status_code, trade.trade_status, state),
        (SEE_OTHER, "TRADE_SUCCESS", "paid"),
        f"{trade.out_trade_no} · {trade.total} fen",
    )
    return order_id


async def _redeem(stage: Stage, told: Transcript, staff: Api, guest: Browser, order_id: UUID) -> None:
    """The code on the buyer's page works once; the same command again is the same answer."""

    async def shown() -> list[str]:
        page = await guest.get(f"/shop/{stage.slug}/orders/{order_id}/parcels")
        return [code.replace(" ", "") for code in CODE.findall(page.text)]

    (code, *_) = await until(shown, bool) or [""]
    store = next(s for s in await staff.get("/stores", list[stores.Store]) if s.code == "YC")
    wanted, key = {"code": code, "store_id": store.id}, {"idempotency-key": str(ids.new())}
    used = await staff.send("POST", "/redemptions", wanted, fulfilment.Code, **key)
    same = await staff.send("POST", "/redemptions", wanted, fulfilment.Code, **key)
    again = await staff.ask("POST", "/redemptions", wanted, **{"idempotency-key": str(ids.new())})
    told.expect(
        "券码到店核销，只能用一次",
        "the voucher's code is used at the store, once",
        (same.id, used.state, again.status_code, await order_state(staff, order_id)),
        (used.id, "redeemed", 409, "received"),
        f"{code} · {said(again)}",
    )


async def _transfer(stage: Stage, told: Transcript, staff: Api, guest: Browser) -> None:
    """A bank transfer counts when staff see exactly its amount on the account."""
    sku_id = await _sku(staff, "面部补水护理体验券", code_of("facial"))
    order_id = await _checkout(stage, guest, sku_id, delivery="none")
    order = await staff.get(f"/orders/{order_id}", orders.Order)
    address = f"/shop/{stage.slug}/pay/{order_id}/transfer"
    page = await guest.get(address)
    proof = PROOF.search(page.text)
    if proof is None:
        raise Unexpected(f"no form for a transfer: {said(page)}")
    shown = await guest.post(
        address, {"proof_id": proof[1], "payer_name": "周小舟"}, picture=("slip.png", bank_slip())
    )
    finance = await sign_in_staff(stage, "console", "finance")
    queue = f"/console/{stage.slug}/payments"
    listed = WAITING_PROOF.findall((await finance.get(f"{queue}?tab=proofs")).text)
    accept = f"{queue}/proofs/{proof[1]}/accept"
    wrong = await finance.post(accept, {"amount": money.plain(order.total - 1)})
    before = await order_state(staff, order_id)
    right = await finance.post(accept, {"amount": money.plain(order.total)})
    told.expect(
        "对公转账：金额不符被拒，确认后已付款",
        "a bank transfer: another amount is refused, the right one pays",
        (shown.status_code, proof[1] in listed, wrong.is_success, before, right.status_code < BAD,
         await order_state(staff, order_id)),
        (SEE_OTHER, True, False, "unpaid", True, "paid"),
        f"{said(wrong)} · {order.total} fen",
    )  # fmt: skip


async def _reconcile(stage: Stage, told: Transcript, staff: Api, order: orders.Order) -> None:
    """The day's bill says a little more than was paid: it is found to the fen, and settled by a person."""
    number = await trade_number(staff, order.id)
    day = (order.paid_at or clock.now()).astimezone(gateways.CHINA).date()
    lie = {
        "gateway": "wxpay", "day": str(day), "kind": "amount", "number": number,
        "amount": order.total + PLANTED,
    }  # fmt: skip
    await stage.told("/sandbox/bills/differences", lie, Planted)
    await stage.later(RUN_OUT)
    owner = await sign_in_staff(stage, "console", "owner")
    books = f"/console/{stage.slug}/reconciliation"
    await owner.get(books)
    await owner.post(f"{books}/days/wxpay/{day}/run", {})
    found = await staff.get("/reconciliation/differences?limit=200", list[reconciliation.Difference])
    mine = [one for one in found if one.number == number and one.subject == "payment"]
    settled = [
        await staff.send(
            "POST", f"/reconciliation/differences/{one.id}/resolve",
            {"how": "book", "note": "演示核对：差额挂账"}, reconciliation.Difference,
        )
        for one in mine
    ]  # fmt: skip
    proof = await staff.get("/ledger/trial-balance", ledger.TrialBalance)
    told.expect(
        "对账：账单多出的钱查得出，挂账后试算仍平衡",
        "reconciliation finds what the bill says too much; booked, the books balance",
        ([(one.kind, one.ours, one.theirs) for one in mine], [one.state for one in settled], proof.is_sound),
        ([("amount", order.total, order.total + PLANTED)], ["resolved"], True),
        f"{day} · {order.total} ≠ {order.total + PLANTED} fen",
    )


async def _let_it_rest(told: Transcript, staff: Api) -> None:
    """Nine days on, what the story left open in after-sales has run its course, and all its money is back."""

    async def restless() -> list[str]:
        cards = (await staff.get("/after-sales", Page[aftersales.CaseCard])).items
        return [f"{card.order_number} {card.state}" for card in cards if card.state not in AT_REST]

    found = await until(restless, lambda found: not found)
    if found:  # a clock of ten seconds, then the refund's own way
        found = await until(restless, lambda found: not found)
    cases = (await staff.get("/after-sales", Page[aftersales.CaseCard])).items
    states = sorted({card.state for card in cases})
    told.expect(
        "售后到期自动处理：没有一单悬着",
        "after-sales whose time is up run by themselves: none is left open",
        found, [], f"{len(cases)} · {', '.join(states)}",
    )  # fmt: skip

"""The checkout page for some lines at this moment: what can be chosen, what is, and what it costs."""

from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response

from siyu import web
from siyu.goods import catalog
from siyu.goods.catalog import SkuPrice
from siyu.kernel.errors import DomainError, Invalid
from siyu.people import addresses, customers
from siyu.place import stores
from siyu.runtime.actors import Actor
from siyu.runtime.db import UnitOfWork
from siyu.runtime.edge import remember_visitor, visitor_of
from siyu.settings import Settings
from siyu.trade import carts, delivery, orders
from siyu.trade.checkout import choosing, reach
from siyu.trade.checkout.guarding import stamp
from siyu.trade.checkout.model import CheckoutForm, Courier, Pickup, Trouble
from siyu.trade.checkout.rules import NO_COUPONS, chosen_coupons, claim_in, told_lines, wanted_lines, ways_for

REMARK_MAX = 200
NEW = "new"
WAY_WORDS = {
    "pickup": web.mark("到店自提"),
    "express": web.mark("快递配送"),
    "local": web.mark("同城配送"),
}
RETURN_WORDS = {
    "made_to_order": web.mark("定制商品"),
    "fresh": web.mark("鲜活易腐商品"),
    "opened_digital": web.mark("已拆封的音像制品、软件或在线下载的数字商品"),
    "periodical": web.mark("交付的报纸、期刊"),
    "opened_quality": web.mark("拆封后影响安全、健康或品质的商品"),
    "activated": web.mark("激活或试用后价值贬损较大的商品"),
    "near_expiry": web.mark("临近保质期的商品"),
    "flawed": web.mark("明示有瑕疵的商品"),
}
COUPONS, FREIGHT_COUPONS = web.mark("优惠券"), web.mark("运费券")
GONE = web.mark("{titles}刚刚下架，已从本单移除，其余商品还在。")


class Chosen(msgspec.Struct, frozen=True):
    """The address the goods would go to: in full, or only as far as its region when the rest is not written yet."""

    address: addresses.Address | None
    is_whole: bool
    error: DomainError | None = None


async def chosen_address(uow: UnitOfWork, actor: Actor, form: CheckoutForm) -> Chosen:
    """The address of the form: from the shopper's book, or written on the page."""
    if actor.kind == "customer" and form.address_id != NEW:
        book = await addresses.of_customer(uow, actor.customer_id)
        known = next((one for one in book if str(one.id) == form.address_id), next(iter(book), None))
        if known is not None:
            return Chosen(known.address, is_whole=True)
    try:
        return Chosen(addresses.address_in(form.address), is_whole=True)
    except DomainError as refusal:
        return Chosen(_by_region(form.address), is_whole=False, error=refusal)


def _by_region(form: addresses.AddressForm) -> addresses.Address | None:
    """Enough of an address to tell the freight before the buyer has written all of it."""
    stand_in = msgspec.structs.replace(form, name="-", phone="13000000000", detail="--")
    try:
        return addresses.address_in(stand_in)
    except Invalid:
        return None


async def sold_lines(
    uow: UnitOfWork, form: CheckoutForm
) -> tuple[tuple[orders.WantedLine, ...], dict[UUID, SkuPrice], list[str]]:
    """The lines that are still sold, the prices, and the titles of those that are not. Raises NotForSale for none."""
    lines = wanted_lines(form.lines, form.accepts)
    prices = await catalog.prices(uow, [line.sku_id for line in lines])
    still = tuple(line for line in lines if line.sku_id in prices and prices[line.sku_id].is_sellable)
    if lines and not still:
        raise orders.NotForSale(field="lines", sku_id=str(lines[0].sku_id))
    gone = [prices[line.sku_id].title for line in lines if line not in still and line.sku_id in prices]
    return still, dict(prices), gone


async def page(
    request: Request[Any, Any, Any],
    uow: UnitOfWork,
    actor: Actor,
    form: CheckoutForm,
    settings: Settings,
    *,
    trouble: Trouble | None = None,
) -> Response[str]:
    """The page for these lines at today's prices; after a refusal with what the shopper had filled in."""
    language = web.language_of(request)
    lines, prices, gone = await sold_lines(uow, form)
    offer = await delivery.settings_of(uow)
    ways = ways_for(offer.ways, [prices[line.sku_id] for line in lines])
    way = form.delivery if form.delivery in ways else next(iter(ways), "")
    to = await chosen_address(uow, actor, form)
    wish = form.store_id or stores.wanted(request, uow.merchant)
    pickups = await reach.pickups(uow, lines, prices, wish=wish, near=to.address) if way == "pickup" else []
    couriers = await reach.couriers(uow, lines, prices, to.address, language) if way == "local" else []
    form = _settled(form, way, lines, pickups, couriers)
    quote, problem, left_out = await _quote(request, uow, actor, form, lines, to.address)
    if actor.kind != "customer":
        visitor_of(
            request
        )  # a guest is known by the browser, so it needs its cookie before the button is pressed
    errors = {trouble.field: trouble.said} if trouble and trouble.field else {}
    response = web.page(
        request,
        "checkout/shop_checkout.html",
        merchant=uow.merchant,
        status_code=trouble.status if trouble else 200,
        quote=quote,
        prices=prices,
        problem=problem,
        left_out=left_out,
        gone=web.translate(language, GONE, titles="、".join(gone)) if gone else "",
        form=form,
        ways=[(one, WAY_WORDS[one]) for one in ways if one in WAY_WORDS],
        way=way,
        pickups=pickups,
        missed=next((one.store.name for one in pickups if one.store.id == wish and one.short), ""),
        couriers=couriers,
        courier=next((one for one in couriers if one.local.store_id == form.local_store_id), None),
        to=to,
        lines=told_lines(lines),
        notes=[(web.half(language, words), fee) for words, fee in quote.freight_notes],
        off=[(web.half(language, step.name), step.amount) for step in quote.freight_build_up],
        coupon_groups=_grouped(await _coupons(uow, actor, form, lines, quote), form, quote),
        passed=[(web.half(language, one.name), web.half(language, one.why)) for one in quote.passed],
        saved=sum(line.unit_price * line.quantity - line.amount for line in quote.lines if not line.is_gift),
        half=partial(web.half, language),
        step_words=carts.STEP_WORDS,
        return_words=RETURN_WORDS,
        remark_max=REMARK_MAX,
        ship_hours=offer.ship_hours,
        trouble=trouble,
        errors=errors,
        can_submit=bool(way) and not problem and not (way == "pickup" and form.store_id is None),
        shown=form.shown or stamp(settings, uow.merchant),
        way_back=_way_back(uow, form),
        **await _buyer(uow, actor, form),
        **addresses.field_context(form.address, errors),
    )
    remember_visitor(request, response)
    return response


async def _coupons(
    uow: UnitOfWork,
    actor: Actor,
    form: CheckoutForm,
    lines: tuple[orders.WantedLine, ...],
    quote: orders.Quote,
) -> tuple[choosing.Choice, ...]:
    """A signed-in buyer's coupons; none at an activity's price."""
    if actor.kind != "customer" or form.claim:
        return ()
    return await choosing.choices(uow, actor.customer_id, [line.sku_id for line in lines], quote)


class CouponGroup(msgspec.Struct, frozen=True):
    """The buyer's coupons of one sort, as one question: `name` of the field, what was said, what the page uses now."""

    word: str
    name: str
    now_name: str
    said: str
    now: str
    coupons: tuple[choosing.Choice, ...]

    @property
    def used(self) -> tuple[choosing.Choice, ...]:
        return tuple(one for one in self.coupons if one.is_used)


def _grouped(
    coupons: tuple[choosing.Choice, ...], form: CheckoutForm, quote: orders.Quote
) -> list[CouponGroup]:
    """Goods and freight are asked apart: one order may use a coupon of each. A choice that could not be used is none."""
    found: list[CouponGroup] = []
    for word, is_freight, name, said, now_name in (
        (COUPONS, False, "coupons", form.coupons, "coupons_now"),
        (FREIGHT_COUPONS, True, "freight_coupons", form.freight_coupons, "freight_now"),
    ):
        mine = tuple(one for one in coupons if one.is_freight == is_freight)
        now = ",".join(str(one.id) for one in mine if one.id in quote.coupon_ids)
        if mine:
            found.append(CouponGroup(word, name, now_name, (now or NO_COUPONS) if said else "", now, mine))
    return found


def _way_back(uow: UnitOfWork, form: CheckoutForm) -> str:
    """Where signing in leads: the same checkout again."""
    root = f"/shop/{uow.merchant.slug}/checkout"
    if form.from_cart:
        return root
    if form.claim:
        return f"{root}?{urlencode({'lines': form.lines, 'claim': form.claim})}"
    sku, _, quantity = form.lines.partition(",")[0].partition("*")
    return f"{root}?sku={sku}&quantity={quantity}"


async def _buyer(uow: UnitOfWork, actor: Actor, form: CheckoutForm) -> dict[str, Any]:
    """What the page knows of who buys; of a visitor nothing."""
    if actor.kind != "customer":
        return {"is_guest": True, "nickname": "", "phone": "", "book": [], "address_id": NEW}
    book = await addresses.of_customer(uow, actor.customer_id)
    identities = await customers.identities_of(uow, actor.customer_id)
    guest = await customers.guest_of(uow, actor.customer_id)
    known = {str(one.id) for one in book}
    first = str(book[0].id) if book else NEW
    return {
        "is_guest": False,
        "nickname": (await customers.find(uow, actor.customer_id)).nickname,
        "phone": addresses.masked_phone(guest.phone)
        if guest
        else next((one.value for one in identities if one.kind == "phone"), ""),
        "book": book,
        "address_id": form.address_id if form.address_id in {*known, NEW} else first,
    }


def _settled(
    form: CheckoutForm,
    way: str,
    lines: tuple[orders.WantedLine, ...],
    pickups: list[Pickup],
    couriers: list[Courier],
) -> CheckoutForm:
    """The form with what the buyer left open: a store that has everything, the next time a courier is free."""
    complete = [one.store.id for one in pickups if not one.short]
    able = [one for one in couriers if not one.problem] or couriers
    courier = next((one for one in able if one.local.store_id == form.local_store_id), next(iter(able), None))
    free = [slot.starts_at for _, day in courier.days for slot in day if slot.left] if courier else []
    return msgspec.structs.replace(
        form,
        delivery=way,
        lines=told_lines(lines),
        store_id=form.store_id if form.store_id in complete else next(iter(complete), None),
        local_store_id=courier.local.store_id if courier else None,
        slot=form.slot if form.slot in free else next(iter(free), None),
    )


def ask_of(
    actor: Actor,
    form: CheckoutForm,
    lines: tuple[orders.WantedLine, ...],
    address: addresses.Address | None,
) -> orders.QuoteAsk:
    """The form as orders understand it."""
    return orders.QuoteAsk(
        lines,
        customer_id=actor.id if actor.kind == "customer" else None,
        delivery=form.delivery,
        store_id=store_of(form),
        address=address if form.delivery in {"express", "local"} else None,
        slot=form.slot if form.delivery == "local" else None,
        claim=claim_in(form.claim),
        coupon_ids=chosen_coupons(form),
    )


def store_of(form: CheckoutForm) -> UUID | None:
    """The store that hands out the goods or sends the courier."""
    return {"pickup": form.store_id, "local": form.local_store_id}.get(form.delivery)


async def _quote(
    request: Request[Any, Any, Any],
    uow: UnitOfWork,
    actor: Actor,
    form: CheckoutForm,
    lines: tuple[orders.WantedLine, ...],
    address: addresses.Address | None,
) -> tuple[orders.Quote, str, str]:
    """What it costs, why it cannot be delivered like this, when it cannot (then without delivery), and which coupon
    was left out, and why: the buyer may have chosen it long ago.
    """
    ask, problem, left_out = ask_of(actor, form, lines, address), "", ""
    while True:
        try:
            return await orders.quote(uow, ask), problem, left_out
        except (orders.EmptyOrder, orders.NotForSale, orders.NoSuchClaim):
            raise
        except DomainError as refusal:
            said = web.problem_of(request, refusal).detail
            without = _without_coupon(ask, refusal.field or "")
            if without is not None:
                ask, left_out = without, said
            elif problem:
                raise
            else:
                ask, problem = msgspec.structs.replace(ask, address=None, slot=None, store_id=None), said


def _without_coupon(ask: orders.QuoteAsk, field: str) -> orders.QuoteAsk | None:
    """The same question without the coupon that `field` (`coupon_ids[i]`) names; None when it names none."""
    number = field.removeprefix("coupon_ids[").removesuffix("]")
    if not ask.coupon_ids or not field.startswith("coupon_ids[") or not number.isdecimal():
        return None
    kept = tuple(one for i, one in enumerate(ask.coupon_ids) if i != int(number))
    return msgspec.structs.replace(ask, coupon_ids=kept)

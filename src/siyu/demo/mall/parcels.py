"""Orders from home: paid in several ways, packed in one box or two, received, or still at the gateway."""

from siyu.demo import people
from siyu.demo.mall.ground import Ground
from siyu.demo.mall.model import BISTRO, CHEN, GUESTS, HE, LIU, SUN, WANG, ZHAO, ZHOU
from siyu.demo.people import SHOPPER
from siyu.demo.pictures import bank_slip
from siyu.demo.shelving import code_of
from siyu.goods import catalog
from siyu.kernel import ids
from siyu.people import addresses
from siyu.trade import fulfilment, orders, payments

# Orders that were sent and received: by scene, who and what. Most of them come back in some way.
EARLY = {
    "kept": (WANG, {"HS020102": 1, "HS030101": 2}),
    "given-back": (ZHAO, {"HS060401": 1, "HS050102": 2}),
    "coming-back": (CHEN, {"HS040701": 1, "HS040601": 1}),
    "back-again": (LIU, {"HS050101": 3}),
    "disputed": (SUN, {"HS060701-2": 1}),
    "exchanged": (ZHOU, {"HS080101": 2}),
    "broken": (HE, {"HS030302": 1, "HS020402": 2}),
}
HOME = addresses.Address(
    people.KNOWN_NAMES[SHOPPER],
    people.phone(SHOPPER),
    "330602",
    (),
    "迪荡街道平江路 66 号小满公寓 8 幢 1101 室",
    30_001_900,
    120_598_700,
)
WORK = addresses.Address(
    people.KNOWN_NAMES[SHOPPER], people.phone(SHOPPER), "330602", (), "北海街道凤林西路 188 号 3 楼前台"
)


def home() -> addresses.Address:
    """Where 林小满 lives."""
    return addresses.checked(HOME)


async def keep_addresses(ground: Ground) -> None:
    """林小满 has two addresses, everybody else one."""
    async with ground.database.begin(ground.merchant) as uow:
        shopper = ground.people[SHOPPER]
        await addresses.keep(uow, shopper, ids.new(), home(), label="家", is_default=True)
        await addresses.keep(uow, shopper, ids.new(), addresses.checked(WORK), label="公司")
        for guest in GUESTS:
            address = guest.address(people.phone(guest.number))
            await addresses.keep(uow, ground.people[guest.number], ids.new(), address, is_default=True)


async def order_early(ground: Ground) -> None:
    for key, (guest, lines) in EARLY.items():
        await ground.from_home(key, guest, lines)
        await ground.pay(key)


async def send_early(ground: Ground) -> None:
    for place, key in enumerate(EARLY):
        await _send(ground, key, "sf", f"SF{1_610_000_000_018 + place * 37}")


async def receive_early(ground: Ground) -> None:
    async with ground.database.begin(ground.merchant) as uow:
        await orders.confirm_received(uow, [ground.bought[key].id for key in EARLY])


async def order_later(ground: Ground) -> None:
    """One that is on the road now, and the bistro's, half of which has left."""
    await ground.from_home("on-the-road", CHEN, {code_of("giftbox"): 1}, remark="送礼用，请附贺卡")
    await ground.pay("on-the-road", "wxpay_h5")
    await ground.from_home("bistro", BISTRO, {"HS020102": 20, "HS020302": 10, "HS020502": 6})
    async with ground.database.begin(ground.merchant) as uow:
        bought = ground.bought["bistro"]
        proof = ground.new_id("proof", "bistro")
        await payments.submit_proof(
            uow, proof, bought.id, bought.customer_id,
            picture=payments.readable_proof(bank_slip()), payer_name="绍兴望湖小馆餐饮店",
        )  # fmt: skip
    async with ground.database.begin(ground.merchant, ground.worker("finance", "finance")) as uow:
        outcome = await payments.accept_proof(uow, proof, bought.total)
    assert outcome is payments.Outcome.PAID, f"the bank has the bistro's money, not {outcome}"


async def send_later(ground: Ground) -> None:
    await _send(ground, "on-the-road", "sf", "SF1610000003377")
    await _send(ground, "bistro", "deppon", "DPK610000188", lines=((1, 12), (2, 4)))


async def order_with_alipay(ground: Ground) -> None:
    """Paid at Alipay in the evening; nobody has packed it yet."""
    await ground.from_home("alipay", LIU, {"HS030802-2": 1, "HS030101": 1})
    await ground.pay("alipay", "alipay_wap")
    async with ground.database.begin(ground.merchant, ground.worker("operator", "operator")) as uow:
        await orders.add_note(uow, ground.bought["alipay"].id, "顾客来电：周六前不在家，请放菜鸟驿站。")


async def order_from_balance(ground: Ground) -> None:
    """林小满 has money with the shop, and spends some of it."""
    shopper = ground.people[SHOPPER]
    async with ground.database.begin(ground.merchant, ground.worker("finance", "finance")) as uow:
        await payments.change_balance(uow, ground.new_id("balance"), shopper, 20_000, "中秋回馈：老顾客礼金")
    bought = await ground.order("balance", SHOPPER, {"HS040601": 1, "HS050101": 1}, address=home())
    async with ground.database.begin(ground.merchant) as uow:
        await payments.pay_from_balance(uow, bought.id, shopper)


async def order_offline(ground: Ground) -> None:
    """A bank transfer that finance has not looked at."""
    await ground.from_home("offline", BISTRO, {"HS020102": 10, "HS020502": 12}, remark="请开公司抬头发票")
    bought = ground.bought["offline"]
    async with ground.database.begin(ground.merchant) as uow:
        await payments.submit_proof(
            uow, ground.new_id("proof", "offline"), bought.id, bought.customer_id,
            picture=payments.readable_proof(bank_slip()), payer_name="绍兴望湖小馆餐饮店",
        )  # fmt: skip


async def leave_unpaid(ground: Ground) -> None:
    """One order waits for its money; the other's price was lowered on the phone before it is paid."""
    await ground.from_home("unpaid", SUN, {"HS060702-2": 1, code_of("nearcrackers"): 1})
    await ground.from_home("repriced", HE, {"HS040701": 2})
    async with ground.database.begin(ground.merchant, ground.worker("operator", "operator")) as uow:
        await orders.edit_price(
            uow, ground.bought["repriced"].id, {1: 12_800}, reason="茶罐有压痕，已与顾客确认"
        )
        await catalog.set_prices(uow, {ground.house.skus["HS030302"]: 2680}, reason="对标周边门店")


async def _send(
    ground: Ground, key: str, carrier: str, number: str, *, lines: tuple[tuple[int, int], ...] = ()
) -> None:
    order_id = ground.bought[key].id
    async with ground.database.begin(ground.merchant, ground.worker("operator", "operator")) as uow:
        if not lines:
            order = await orders.find(uow, order_id)
            lines = tuple((line.line_no, line.quantity) for line in order.lines)
        parcel = ground.new_id("parcel", order_id)
        await fulfilment.send(uow, fulfilment.SendParcel(parcel, order_id, carrier, number, lines))

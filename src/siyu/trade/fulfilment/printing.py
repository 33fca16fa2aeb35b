"""What is printed for those who pack: one slip per order and location, and one list of what to fetch for all."""

import asyncio
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu import web
from siyu.kernel.errors import DomainError, Invalid
from siyu.runtime.db import UnitOfWork
from siyu.trade.fulfilment import paper
from siyu.trade.fulfilment.model import PRINT_MAX, Waiting
from siyu.trade.fulfilment.queries import waiting

DELIVERY_WORDS = {
    "express": web.mark("快递"),
    "local": web.mark("同城配送"),
    "pickup": web.mark("到店自提"),
}
PIECES = web.mark("共 {n} 件")


class NothingToPrint(DomainError):
    """Of the chosen orders nothing waits to leave this location any more."""

    code = "fulfilment.nothing_to_print"
    status = 409
    zh = "所选订单没有等待发出的商品。"
    en = "Nothing of the chosen orders waits to leave."


class Wanted(msgspec.Struct, frozen=True):
    """What to print: of these orders, at these locations (None: all), on `paper` a4 or label, in `language`."""

    order_ids: tuple[UUID, ...]
    location_ids: tuple[UUID, ...] | None = None
    paper: str = "a4"
    language: str = web.CHINESE

    def say(self, word: str, **facts: object) -> str:
        return web.translate(self.language, word, **facts)


class Picked(msgspec.Struct, frozen=True):
    """Pieces of one SKU that several orders want from one location; `lots` in the order in which they should leave."""

    code: str
    title: str
    place: str
    lots: str
    quantity: int
    orders: int


async def slips(uow: UnitOfWork, wanted: Wanted) -> bytes:
    """Packing slips of what waits, as PDF. Raises Invalid and NothingToPrint."""
    rows = await _waiting(uow, wanted)
    made = [
        paper.Slip(
            number=row.number,
            shop=uow.merchant.name,
            place=row.location_name,
            facts=_facts(uow, wanted, row),
            lines=tuple(
                paper.SlipLine(f"{line.title} {line.sku_title}".strip(), line.code, line.quantity)
                for line in row.lines
            ),
        )
        for row in rows
    ]
    head = (wanted.say("商品名称"), wanted.say("编码"), wanted.say("数量"))
    words = paper.Words(wanted.say("装箱单"), head, wanted.say(PIECES, n="{n}"))
    return await asyncio.to_thread(paper.packing_slips, made, _paper(wanted.paper), words)


def _facts(uow: UnitOfWork, wanted: Wanted, row: Waiting) -> tuple[tuple[str, str], ...]:
    zone = ZoneInfo(uow.merchant.timezone)
    receiver, place = row.customer_name or "", ""
    if row.address is not None:
        # Our own courier has to call; on a parcel the carrier's label has the number, and a slip is thrown away.
        phone = row.address.phone if row.delivery == "local" else masked(row.address.phone)
        receiver, place = f"{row.address.name} {phone}", row.address.in_one_line
    slot = ""
    if row.deliver_from is not None and row.deliver_until is not None:
        slot = f"{row.deliver_from.astimezone(zone):%m-%d %H:%M} – {row.deliver_until.astimezone(zone):%H:%M}"
    return (
        (wanted.say("方式"), wanted.say(DELIVERY_WORDS.get(row.delivery, row.delivery))),
        (wanted.say("收件人"), receiver),
        (wanted.say("地址"), place),
        (wanted.say("送达时段"), slot),
        (wanted.say("备注"), row.remark),
    )


def masked(phone: str) -> str:
    """`13812345678` → `138****5678`."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else phone


async def pick_list(uow: UnitOfWork, wanted: Wanted) -> bytes:
    """What to fetch for these orders, summed by SKU, as PDF. Raises Invalid and NothingToPrint."""
    rows = await _waiting(uow, wanted)
    made = [
        paper.Pick(one.place, one.code, one.title, one.lots, one.quantity, one.orders)
        for one in await picks(uow, wanted)
    ]
    facts = [
        (wanted.say("发货地"), "、".join(dict.fromkeys(row.location_name for row in rows))),
        (wanted.say("订单"), "  ".join(dict.fromkeys(row.number for row in rows))),
    ]
    head = (
        wanted.say("位置"),
        wanted.say("编码"),
        wanted.say("商品名称"),
        wanted.say("批次"),
        wanted.say("数量"),
    )
    words = paper.Words(wanted.say("拣货单"), head, wanted.say(PIECES, n="{n}"))
    return await asyncio.to_thread(paper.pick_list, made, _paper(wanted.paper), words, facts)


async def picks(uow: UnitOfWork, wanted: Wanted) -> list[Picked]:
    """Pieces to fetch, by location and code; of a bundle its components, of lots the first to expire first."""
    return await uow.all(
        Picked,
        """
        select k.code, trim(p.title || ' ' || k.title) as title, s.name as place,
               coalesce((select string_agg(t.code, ' → ' order by t.expires_on nulls last, t.id) from stock_lots t
                         where t.merchant_id = %(merchant_id)s and t.location_id = s.id and t.sku_id = k.id
                           and t.on_hand > 0 and (t.expires_on is null or t.expires_on >= %(today)s::date)), '') as lots,
               sum(w.pieces)::int as quantity, count(distinct w.order_id)::int as orders
        from (
            select l.order_id, l.location_id, coalesce((c.part ->> 'sku_id')::uuid, l.sku_id) as sku_id,
                   (l.quantity - l.fulfilled_quantity - l.cancelled_quantity)
                       * coalesce((c.part ->> 'quantity')::int, 1) as pieces
            from order_lines l
            join orders o on o.merchant_id = l.merchant_id and o.id = l.order_id
            left join lateral jsonb_array_elements(coalesce(l.components, '[]')) as c (part) on true
            where l.merchant_id = %(merchant_id)s and l.order_id = any(%(orders)s) and l.kind <> 'virtual'
              and o.state = 'paid' and o.held_for = '' and l.location_id is not null
              and (%(places)s::uuid[] is null or l.location_id = any(%(places)s))
        ) w
        join skus k on k.merchant_id = %(merchant_id)s and k.id = w.sku_id
        join products p on p.merchant_id = k.merchant_id and p.id = k.product_id
        join stores s on s.merchant_id = %(merchant_id)s and s.id = w.location_id
        where w.pieces > 0
        group by s.id, s.name, s.code, k.id, k.code, p.title, k.title order by s.code, k.code
        """,
        orders=list(wanted.order_ids),
        today=uow.now.astimezone(ZoneInfo(uow.merchant.timezone)).date(),
        places=list(wanted.location_ids) if wanted.location_ids is not None else None,
    )


async def _waiting(uow: UnitOfWork, wanted: Wanted) -> list[Waiting]:
    if not 1 <= len(set(wanted.order_ids)) <= PRINT_MAX:
        raise Invalid(field="order", zh="请选择 1–200 个订单。", en="Choose 1 to 200 orders.")
    found = await waiting(
        uow, order_ids=wanted.order_ids, location_ids=wanted.location_ids, limit=PRINT_MAX * 5
    )
    if not found.items:
        raise NothingToPrint(field="order")
    return list(found.items)


def _paper(kind: str) -> paper.Paper:
    if kind not in paper.PAPERS:
        raise Invalid(field="paper", zh="请选择纸张。", en="Choose a paper.")
    return paper.PAPERS[kind]

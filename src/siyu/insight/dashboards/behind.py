"""The rows behind a number as a table. The lake has no names; they are looked up where they live."""

from uuid import UUID

import msgspec

from siyu.insight import metrics
from siyu.insight.dashboards import sheets, words
from siyu.insight.dashboards.pictures import Place
from siyu.insight.dashboards.sheets import Cell, Sheet, amount, number
from siyu.runtime.db import UnitOfWork


class _Named(msgspec.Struct, frozen=True):
    id: UUID
    nickname: str
    reference: str | None


async def names_of(uow: UnitOfWork, rows: metrics.Rows) -> dict[str, str]:
    """What the customers of these rows are called now, by id."""
    wanted = {
        row.id if isinstance(row, metrics.CustomerRow) else row.customer_id
        for row in rows.items
        if not isinstance(row, metrics.CostRow)
    }
    found = await uow.all(
        _Named,
        """
        select id, nickname, reference from customers
        where merchant_id = %(merchant_id)s and id = any(%(wanted)s::uuid[])
        """,
        wanted=[customer for customer in wanted if customer],
    )
    return {str(row.id): row.nickname or row.reference or "" for row in found}


def table_of(place: Place, rows: metrics.Rows, names: dict[str, str]) -> Sheet:
    """The page of rows, each linked to the thing itself."""
    say = place.say
    match rows.kind:
        case "orders":
            head = (
                (say("订单号"), ""), (say("支付时间"), ""), (say("顾客"), ""), (say("渠道"), ""), (say("状态"), ""),
                (say("支付金额"), "num"), (say("已退款"), "num"), (say("净收入"), "num"),
            )  # fmt: skip
        case "customers":
            head = (
                (say("顾客"), ""), (say("加入时间"), ""), (say("首个入口"), ""),
                (say("订单"), "num"), (say("支付金额"), "num"), (say("净收入"), "num"),
            )  # fmt: skip
        case "touches":
            head = ((say("扫码时间"), ""), (say("入口"), ""), (say("访客"), ""), (say("顾客"), ""))
        case _:
            head = ((say("日期"), ""), (say("入口"), ""), (say("入口花费"), "num"))
    return sheets.sheet(head, [_cells(place, row, names) for row in rows.items])


def _cells(place: Place, row: metrics.Row, names: dict[str, str]) -> list[Cell]:
    say, currency = place.say, place.currency
    if isinstance(row, metrics.OrderRow):
        return [
            sheets.words(row.number, f"/console/{place.slug}/orders/{row.id}"),
            sheets.moment(row.at),
            _customer(place, row.customer_id, names),
            sheets.words(say(words.CHANNELS[row.channel])),
            sheets.words(say(words.STATES[row.state][0])),
            amount(row.total, currency),
            amount(row.refunded, currency) if row.refunded else amount(None, currency),
            amount(row.net, currency),
        ]
    if isinstance(row, metrics.CustomerRow):
        return [
            _customer(place, row.id, names),
            sheets.moment(row.at),
            sheets.words(row.door or say("入口不明")),
            number(row.orders),
            amount(row.paid, currency),
            amount(row.net, currency),
        ]
    if isinstance(row, metrics.TouchRow):
        return [
            sheets.moment(row.at),
            sheets.words(row.door or say("入口不明")),
            sheets.words(f"…{row.visitor_id[-6:]}"),
            _customer(place, row.customer_id, names),
        ]
    return [
        sheets.words(row.at.isoformat()),
        sheets.words(row.door or say("入口不明")),
        amount(row.amount, currency),
    ]


def _customer(place: Place, customer_id: str | None, names: dict[str, str]) -> Cell:
    if customer_id is None:
        return sheets.words(place.say("未登录"))
    name = names.get(customer_id) or place.say("顾客 {n}", n=customer_id[-6:])
    return sheets.words(name, f"/console/{place.slug}/customers/{customer_id}")

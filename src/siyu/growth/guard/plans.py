"""The check of a commission plan and of what qualifies a promoter (禁止传销条例 art. 7; 直销管理条例 art. 24)."""

from collections.abc import Callable, Sequence

import msgspec

from siyu.growth.guard.model import Finding, Severity
from siyu.growth.guard.reading import words

ORDER_CAP_BPS_MAX = 3_000  # 30 % of what the buyer paid: 直销管理条例 art. 24, and the default limit of 分账
RETURN_DAYS = 7  # 消费者权益保护法 art. 25
PAYS_ON = "received_order"
KINDS = frozenset({"open", "directed", "exclusive"})
FUNDERS = frozenset({"merchant", "supplier"})
# What may decide who promotes or at which level: who they are, what they learnt, and the quality of their own sales.
QUALIFICATIONS = frozenset(
    {
        "agreement",
        "kind",
        "level",
        "named",
        "real_name",
        "training",
        "received_orders",
        "received_amount",
        "refund_rate",
        "after_sale_rate",
        "complaints",
        "community_size",
    }
)


class PlanFacts(msgspec.Struct, frozen=True):
    """A plan as the law sees it. Rates and shares are basis points, `fixed` is fen per unit.

    `worst_share_bps` is what an order can cost at worst, everything stacked; `is_cut` says that what exceeds the cap is
    cut at accrual. `margin_bps` is the lowest margin of the goods, None when unknown. `qualification` names what
    decides who earns, `pays_on` the fact that earns, `release_days` count from receipt.
    """

    name: str
    text: str = ""
    rate_bps: int | None = None
    fixed: int | None = None
    scope: str = "all"
    kind: str = "open"
    worst_share_bps: int = 0
    margin_bps: int | None = None
    qualification: tuple[str, ...] = ()
    order_cap_bps: int = ORDER_CAP_BPS_MAX
    depth: int = 1
    pays_on: str = PAYS_ON
    funders: tuple[str, ...] = ("merchant",)
    is_cut: bool = False
    release_days: int = RETURN_DAYS
    earns_on_own: bool = False


def plan(facts: PlanFacts) -> list[Finding]:
    """Everything that stands against publishing it, what forbids it first."""
    found = [finding for check in _CHECKS for finding in check(facts)]
    order: dict[Severity, int] = {"block": 0, "gate": 1, "warn": 2}
    return sorted(found, key=lambda finding: order[finding.severity])


def qualification(conditions: Sequence[str], field: str = "qualification") -> list[Finding]:
    """D-02: what may decide who promotes or at which level is a closed list; anything else is refused."""
    return [
        Finding(
            "D-02",
            "block",
            field,
            f"“{condition}”不能作为推广资格或等级条件。",
            f"“{condition}” cannot decide who promotes or at which level.",
            "推广资格不得与付费、购买、囤货、发展人数或他人业绩挂钩，只能看本人推广销售的质量。",
            "Use the quality of the promoter's own sales, never fees, purchases, heads or the sales of others.",
        )
        for condition in conditions
        if condition not in QUALIFICATIONS
    ]


def _pays_for_sales(facts: PlanFacts) -> list[Finding]:
    if facts.pays_on == PAYS_ON:
        return []
    if facts.pays_on.startswith(("share", "forward")):
        rule, zh, en = "W-03", "不能为分享或转发付报酬。", "Sharing or forwarding cannot be paid for."
    elif facts.pays_on.startswith(("team", "downline", "level")):
        rule, zh, en = "D-04", "不能按团队或他人业绩付报酬。", "A team's or others' sales cannot be paid for."
    else:
        rule, zh, en = "D-01", "佣金只能来自第三人已收货的订单。", "Commission comes only from orders that a third person received."  # fmt: skip
    return [
        Finding(
            rule,
            "block",
            "pays_on",
            zh,
            en,
            "改为按收货订单计佣，不奖励注册、邀请或拉人。",
            "Pay on received orders; never for registering, inviting or recruiting.",
        )
    ]


def _one_level(facts: PlanFacts) -> list[Finding]:
    if facts.depth == 1:
        return []
    return [
        Finding(
            "D-03",
            "block",
            "depth",
            f"层级只能是一级，不能是 {facts.depth} 级。",
            f"There is one level; {facts.depth} cannot be.",
            "只给直接促成销售的推广员计佣。",
            "Pay only the promoter who brought the sale.",
        )
    ]


def _known_kind(facts: PlanFacts) -> list[Finding]:
    if facts.kind in KINDS:
        return []
    return [
        Finding(
            "D-04",
            "block",
            "kind",
            f"不支持“{facts.kind}”类方案：团队奖、级差、平级奖和分红都不允许。",
            f"There are no “{facts.kind}” plans: team bonuses, level differences and dividends are not allowed.",
            "请使用公开、定向或专属方案。",
            "Use an open, directed or exclusive plan.",
        )
    ]


def _within_cap(facts: PlanFacts) -> list[Finding]:
    found = []
    cap = min(facts.order_cap_bps, ORDER_CAP_BPS_MAX)
    if facts.order_cap_bps > ORDER_CAP_BPS_MAX:
        found.append(
            Finding(
                "D-06",
                "block",
                "order_cap_bps",
                f"每单佣金上限 {_percent(facts.order_cap_bps)} 超过 {_percent(ORDER_CAP_BPS_MAX)}。",
                f"A cap of {_percent(facts.order_cap_bps)} per order exceeds {_percent(ORDER_CAP_BPS_MAX)}.",
                f"把上限降到 {_percent(ORDER_CAP_BPS_MAX)} 以内。",
                f"Lower the cap to {_percent(ORDER_CAP_BPS_MAX)} or less.",
            )
        )
    if facts.worst_share_bps > cap:
        by_rate = facts.rate_bps is not None
        is_warning = facts.is_cut and not by_rate
        found.append(
            Finding(
                "D-06",
                "warn" if is_warning else "block",
                "rate_bps" if by_rate else "fixed",
                f"最坏情况佣金占实付 {_percent(facts.worst_share_bps)}，超过上限 {_percent(cap)}"
                + ("，超过部分不计。" if is_warning else "。"),
                f"At worst commission is {_percent(facts.worst_share_bps)} of what is paid, over the cap of "
                f"{_percent(cap)}" + ("; the excess is cut." if is_warning else "."),
                "降低佣金或缩小商品范围。",
                "Lower the commission or choose fewer goods.",
            )
        )
    if facts.margin_bps is not None and facts.worst_share_bps > facts.margin_bps:
        found.append(
            Finding(
                "J-margin",
                "gate",
                "rate_bps" if facts.rate_bps is not None else "fixed",
                f"佣金最高占 {_percent(facts.worst_share_bps)}，高于最低毛利 {_percent(facts.margin_bps)}，会亏本。",
                f"Commission is up to {_percent(facts.worst_share_bps)}, above the lowest margin of "
                f"{_percent(facts.margin_bps)}: some sales lose money.",
                "降低佣金，或由负责人填写理由后发布。",
                "Lower the commission, or have an approver publish it with a reason.",
            )
        )
    return found


def _funded_lawfully(facts: PlanFacts) -> list[Finding]:
    strangers = [funder for funder in facts.funders if funder not in FUNDERS]
    return [
        Finding(
            "D-02",
            "block",
            "funders",
            f"佣金不能由“{funder}”承担。",
            f"Commission cannot be borne by “{funder}”.",
            "佣金只能由商家或供应商承担，不能来自推广员交的钱。",
            "Only the merchant or the supplier bears it, never what promoters pay in.",
        )
        for funder in strangers
    ]


def _after_return(facts: PlanFacts) -> list[Finding]:
    if facts.release_days >= RETURN_DAYS:
        return []
    return [
        Finding(
            "D-08",
            "block",
            "release_days",
            f"收货后 {facts.release_days} 天就可结算，早于 7 天无理由退货期。",
            f"Payable {facts.release_days} days after receipt, before the 7 days of return are over.",
            "结算等待不得少于 7 天。",
            "Wait at least 7 days.",
        )
    ]


def _not_own(facts: PlanFacts) -> list[Finding]:
    if not facts.earns_on_own:
        return []
    return [
        Finding(
            "D-07",
            "block",
            "earns_on_own",
            "推广员自己购买不能计佣。",
            "Promoters earn nothing from their own purchases.",
            "可以改为给所有顾客的优惠。",
            "Make it a discount for every customer instead.",
        )
    ]


def _said_lawfully(facts: PlanFacts) -> list[Finding]:
    return [*words(facts.name, "name"), *words(facts.text, "text")]


def _percent(bps: int) -> str:
    """3000 → 30%, 1250 → 12.5%."""
    whole, rest = divmod(bps, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


_CHECKS: tuple[Callable[[PlanFacts], list[Finding]], ...] = (
    _pays_for_sales,
    lambda facts: qualification(facts.qualification),
    _one_level,
    _known_kind,
    _within_cap,
    _not_own,
    _after_return,
    _funded_lawfully,
    _said_lawfully,
)

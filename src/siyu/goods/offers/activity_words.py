"""What an activity gives, in words "中文 / english" for the console; its own room's pages say the rest."""

from siyu.goods.offers.coupons_words import amount
from siyu.goods.offers.model import Bargain, Flash, GroupBuy, PointsPrice, Presale, Rule


def activity(rule: Rule, currency: str) -> list[str]:
    """The terms in a few sentences; nothing for offers that the engine works out."""
    match rule:
        case Flash(items=items, pay_minutes=minutes):
            pieces = sum(item.quota for item in items)
            return [
                f"{len(items)} 种商品，共 {pieces} 件 / {len(items)} products, {pieces} pieces",
                f"{_from([item.price for item in items], currency)}",
                f"{minutes} 分钟内付款 / paid within {minutes} minutes",
            ]
        case GroupBuy(size=size, hours=hours, prices=prices):
            return [
                f"{size} 人成团，{hours} 小时内有效 / groups of {size} within {hours} hours",
                _from(list(prices.values()), currency),
            ]
        case Bargain(start=start, floor=floor, helps=helps, hours=hours):
            first, last = amount(start, currency), amount(floor, currency)
            return [
                f"{first} 砍到 {last}，{helps} 位好友 / from {first} to {last} by {helps} friends",
                f"每次发起后 {hours} 小时有效 / within {hours} hours of each start",
            ]
        case Presale(deposit=deposit, worth=worth, prices=prices):
            much, counts = amount(deposit, currency), amount(worth, currency)
            return [
                f"每件定金 {much} 抵 {counts} / a deposit of {much} counts as {counts}",
                _from(list(prices.values()), currency),
            ]
        case PointsPrice(prices=prices):
            return [
                f"{points} 积分 + {amount(cash, currency)} / {points} points and {amount(cash, currency)}"
                for points, cash in list(prices.values())[:3]
            ]
    return []


def _from(prices: list[int], currency: str) -> str:
    least = amount(min(prices, default=0), currency)
    return f"{least} 起 / from {least}"

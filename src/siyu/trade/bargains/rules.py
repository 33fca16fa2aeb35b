"""How a bargain's price falls: by steps that are fixed and published before anybody helps."""

from siyu.kernel import money

HELPS_PER_DAY = 3  # of one person at one merchant: a favour among friends, not an occupation
WECHAT = "MicroMessenger"  # in the User-Agent of WeChat's own browser, of its mini programs too


def steps(start: int, floor: int, needed: int) -> list[int]:
    """By how much each of the `needed` helps lowers the price, in minor units. They add up to `start` − `floor`.

    No chance and nobody's data is in it: the same offer has the same steps for everyone (网络交易监督管理办法 art. 19
    asks for the truth about a promotion's rules).
    """
    return money.split(start - floor, [1] * needed)


def price_after(start: int, floor: int, needed: int, helped: int) -> int:
    """The price after so many helps, in minor units."""
    return start - sum(steps(start, floor, needed)[:helped])


def is_wechat(user_agent: str) -> bool:
    """Whether somebody looks through WeChat, where helping and starting are not offered (微信外部链接内容管理规范)."""
    return WECHAT.casefold() in user_agent.casefold()


def veiled(nickname: str) -> str:
    """A helper's name for people who may not know them: its first character."""
    return f"{nickname[:1]}**" if nickname else "**"

"""What each kind of notice says. `{facts}` are filled in; `href` is below the shop's address."""

import msgspec

from siyu import web


class Kind(msgspec.Struct, frozen=True):
    """The words of a kind, marked for translation, and where its notice leads."""

    title: str
    text: str
    href: str
    icon: str
    is_success: bool = False


KINDS = {
    "coupon_ends": Kind(
        web.mark("优惠券快到期了"), web.mark("“{name}”{until}到期，别忘了使用。"), "me/coupons", "ticket"
    ),
    "group_ending": Kind(
        web.mark("拼团还剩不到 2 小时"),
        web.mark("“{name}”还差 {count} 人，{until}截止；没成团会全额退款。"),
        "groups/{id}",
        "people",
    ),
    "group_last_seat": Kind(
        web.mark("拼团只差 1 人"), web.mark("“{name}”只差 1 人成团，邀请一位朋友吧。"), "groups/{id}", "people"
    ),
    "group_done": Kind(
        web.mark("拼团成功"), web.mark("“{name}”已成团，我们开始备货。"), "groups/{id}", "people", is_success=True
    ),
    "group_failed": Kind(
        web.mark("拼团没有成功"),
        web.mark("“{name}”没有成团，您付的款正在原路退回，请留意到账。"),
        "groups/{id}",
        "people",
    ),
    "refunded": Kind(
        web.mark("退款已办理"), web.mark("订单 {number} 退款 {amount}，按付款方式原路退回。"), "orders/{id}", "wallet"
    ),
    "presale_balance": Kind(
        web.mark("可以付尾款了"),
        web.mark("订单 {number} 的尾款 {amount}，请在{until}前付清，逾期定金不退。"),
        "orders/{id}",
        "wallet",
    ),
    "bargain_over": Kind(
        web.mark("砍价已结束"), web.mark("“{name}”的砍价时间到了，没有下单，可以重新发起。"), "bargains", "gift"
    ),
    "draw_won": Kind(
        web.mark("抽中奖品"), web.mark("您在“{name}”抽中了“{prize}”，已经放进您的账户。"), "draws/{id}", "gift",
        is_success=True,
    ),
}  # fmt: skip

"""What people are told of points. Keys are what the tables keep."""

from siyu import web

REASONS = {
    "earned": web.mark("购物获得"),
    "spent": web.mark("使用"),
    "returned": web.mark("退回"),
    "reversed": web.mark("退款扣回"),
    "granted": web.mark("商家调整"),
    "expired": web.mark("到期失效"),
}

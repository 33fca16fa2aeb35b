"""The columns of a product sheet: what they are called, what may stand in them, how a word is written and read."""

from collections.abc import Mapping, Sequence

import msgspec

from siyu import web
from siyu.runtime import spreadsheets

BETWEEN = ";"  # several tags, options or choices in one cell
INSIDE = "/"  # of a category: 食品/水果/苹果


class Column(msgspec.Struct, frozen=True):
    """A column by its key; `note` says what to write there, both in Chinese and translated when shown."""

    key: str
    name: str
    note: str


COLUMNS = (
    Column("group", web.mark("商品组"), web.mark("同一件商品的各个规格写同一个词；只有一个规格时可留空。导出时是第一个规格的编码。")),
    Column("code", web.mark("商品编码"), web.mark("必填，每个规格一个，最多 40 个字符。已有的编码是修改，没有的是新建。")),
    Column("title", web.mark("商品名称"), web.mark("新建必填，最多 120 个字。同一商品只需在第一行填写。")),
    Column("subtitle", web.mark("副标题"), web.mark("最多 120 个字。")),
    Column("category", web.mark("分类"), web.mark("新建必填，最多三级，用 / 分开，例如 食品/水果。没有的分类会自动建立。")),
    Column("brand", web.mark("品牌"), web.mark("没有的品牌会自动建立。")),
    Column("kind", web.mark("商品类型"), web.mark("实物、称重或虚拟；留空为实物。组合商品请在页面上新建。")),
    Column("options", web.mark("规格项"), web.mark("规格的名称，用 ; 分开，例如 颜色;尺寸。")),
    Column("choices", web.mark("规格值"), web.mark("这个规格的值，次序与规格项相同，例如 红;L。")),
    Column("price", web.mark("售价"), web.mark("新建必填，单位是元，例如 12.80。留空则不改价。")),
    Column("weight", web.mark("重量（克）"), web.mark("整数；称重商品填每份的预估重量。")),
    Column("unit", web.mark("单位"), web.mark("例如 件、盒；留空为件。")),
    Column("tags", web.mark("标签"), web.mark("用 ; 分开，最多 10 个。没有的标签会自动建立。")),
    Column("shelf", web.mark("上架"), web.mark("是或否；新建时留空为是。")),
    Column("return_policy", web.mark("退货规则"), web.mark("七天无理由、确认后不退或法定不退；留空为七天无理由。")),
    Column("return_reason", web.mark("不退货原因"), web.mark("不适用七天无理由时必填：定制、鲜活易腐、拆封的数字化商品、报刊，或拆封影响品质、激活后贬值、临期、瑕疵。")),
    Column("description", web.mark("商品介绍"), web.mark("最多 10000 个字，可用 Markdown。")),
)  # fmt: skip
KEYS = tuple(column.key for column in COLUMNS)
NAMES = {column.key: column.name for column in COLUMNS}
OF_PRODUCT = frozenset({
    "title", "subtitle", "category", "brand", "kind", "options", "unit", "tags", "shelf", "return_policy",
    "return_reason", "description",
})  # fmt: skip

KINDS = {
    "physical": web.mark("实物"),
    "weighed": web.mark("称重"),
    "virtual": web.mark("虚拟"),
    "bundle": web.mark("组合"),
}
POLICIES = {
    "seven_days": web.mark("七天无理由"),
    "confirmed": web.mark("确认后不退"),
    "excluded": web.mark("法定不退"),
}
REASONS = {
    "made_to_order": web.mark("定制"),
    "fresh": web.mark("鲜活易腐"),
    "opened_digital": web.mark("拆封的数字化商品"),
    "periodical": web.mark("报刊"),
    "opened_quality": web.mark("拆封影响品质"),
    "activated": web.mark("激活后贬值"),
    "near_expiry": web.mark("临期"),
    "flawed": web.mark("瑕疵"),
}
YES = frozenset({"是", "上架", "1", "yes", "y", "true"})
NO = frozenset({"否", "下架", "0", "no", "n", "false"})


def said(words: Mapping[str, str], key: str, language: str) -> str:
    """What a key is called in a sheet of this language."""
    return web.translate(language, words[key]) if key in words else ""


def key_of(words: Mapping[str, str], text: str) -> str | None:
    """The key that a cell means, in either language or as the key itself; None for a word that is none."""
    wanted = text.strip().casefold()
    for key, word in words.items():
        if wanted in {key, word.casefold(), web.translate(web.ENGLISH, word).casefold()}:
            return key
    return None


def places_of(head: Sequence[str]) -> dict[str, int]:
    """Where each column stands. Raises Unreadable for a header that is no product sheet or names a column twice."""
    names = {
        name: column.key
        for column in COLUMNS
        for name in (column.key, column.name.casefold(), web.translate(web.ENGLISH, column.name).casefold())
    }
    places: dict[str, int] = {}
    for place, name in enumerate(head):
        key = names.get(name.strip().casefold())
        if key is None:
            if name:
                raise spreadsheets.Unreadable(f"没有名为“{name}”的列", f"there is no column called “{name}”")
            continue
        if key in places:
            raise spreadsheets.Unreadable(f"“{name}”列出现了两次", f"the column “{name}” is there twice")
        places[key] = place
    if "code" not in places:
        raise spreadsheets.Unreadable("缺少“商品编码”列", "the column “SKU code” is missing")
    return places


def parts(cell: str, between: str = BETWEEN) -> tuple[str, ...]:
    """What a cell lists; full-width separators are taken too."""
    wide = {";": "；", "/": "／"}[between]
    return tuple(part.strip() for part in cell.replace(wide, between).split(between) if part.strip())

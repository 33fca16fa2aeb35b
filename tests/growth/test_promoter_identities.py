"""Real names: sealed in the table, masked everywhere, one person one promoter, opened only with a note."""

from uuid import UUID

import pytest

from factories import Shop, a_customer, a_shop
from growth.test_promoter_identity_rules import card, number
from siyu.growth import promoters
from siyu.growth.promoters import IdentityForm, Promoter, identities
from siyu.kernel.errors import Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import Database, Merchant

SECRET = "a secret of at least thirty-two characters"
WANG = number("11010519900307002")
CARD = card("622202123456789")


@pytest.fixture
async def shop(database: Database, merchant: Merchant) -> Shop:
    return await a_shop(database, merchant)


async def a_promoter(database: Database, shop: Shop) -> Promoter:
    customer = await a_customer(database, shop.merchant)
    async with database.begin(shop.merchant) as uow:
        return await promoters.enrol(uow, customer, kind="koc", name="小鱼")


def a_form(**changes: object) -> IdentityForm:
    said: dict = {"real_name": "王小明", "id_number": WANG, "is_consented": True}
    return IdentityForm(**{**said, **changes})


async def handed_in(database: Database, shop: Shop, who: UUID, form: IdentityForm, secret: str = SECRET):
    async with database.begin(shop.merchant) as uow:
        return await promoters.submit_identity(uow, who, form, secret=secret)


async def test_a_real_name_is_sealed_and_shown_masked(database: Database, shop: Shop) -> None:
    me = await a_promoter(database, shop)

    given = await handed_in(
        database, shop, me.id, a_form(bank_account=f"{CARD[:4]} {CARD[4:]}", bank_name="工商银行")
    )

    assert (given.name_masked, given.number_masked, given.card_masked) == (
        "**明", f"1{'*' * 16}{WANG[-1]}", f"**** {CARD[-4:]}",
    )  # fmt: skip
    assert (given.state, given.is_verified, given.tax_method) == ("submitted", False, "labour")
    async with database.begin(shop.merchant) as uow:
        (row,) = await uow.all(
            str, "select t::text from promoter_identities t where merchant_id = %(merchant_id)s"
        )
        opened = await promoters.identity_open(uow, me.id, secret=SECRET, why="第一次提现")
        (note,) = (await audit.listing(uow, audit.Wanted(action="promoters.open_identity"))).items
    for hidden in ("王小明", "王", WANG, WANG[:10], CARD, CARD[:8]):
        assert hidden not in row
    assert (opened.real_name, opened.id_number, opened.bank_account, opened.bank_name) == (
        "王小明",
        WANG,
        CARD,
        "工商银行",
    )
    assert (note.subject_id, note.reason, note.before, note.after) == (me.id, "第一次提现", None, None)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("is_consented", {"is_consented": False}),
        ("real_name", {"real_name": "小"}),
        ("real_name", {"real_name": "<script>"}),
        ("id_number", {"id_number": WANG[:-1] + ("0" if WANG[-1] != "0" else "1")}),
        ("id_number", {"id_number": number("11010520150307002")}),  # a child
        ("id_number", {"id_number": number("11010520990307002")}),  # not yet born
        (
            "bank_account",
            {"bank_account": CARD[:-1] + str((int(CARD[-1]) + 1) % 10), "bank_name": "工商银行"},
        ),
        ("bank_name", {"bank_account": CARD}),
        ("tax_method", {"tax_method": "none"}),
    ],
)
async def test_what_is_wrong_is_refused_at_its_field_and_nothing_is_kept(
    database: Database, shop: Shop, field: str, changes: dict
) -> None:
    me = await a_promoter(database, shop)

    with pytest.raises(Invalid) as refusal:
        await handed_in(database, shop, me.id, a_form(**changes))

    assert refusal.value.field == field
    async with database.begin(shop.merchant) as uow:
        assert await promoters.identity(uow, me.id) is None


async def test_finance_verifies_or_sends_back_and_twice_is_once(database: Database, shop: Shop) -> None:
    me = await a_promoter(database, shop)
    await handed_in(database, shop, me.id, a_form())

    async with database.begin(shop.merchant) as uow:
        assert [each.promoter_id for each in await promoters.identities_waiting(uow)] == [me.id]
        sent_back = await promoters.refuse_identity(uow, me.id, "照片看不清")
        await promoters.refuse_identity(uow, me.id, "照片看不清")
    again = await handed_in(database, shop, me.id, a_form())
    async with database.begin(shop.merchant) as uow:
        first = await promoters.verify_identity(uow, me.id)
        second = await promoters.verify_identity(uow, me.id)
        notes = (await audit.listing(uow, audit.Wanted(subject_id=me.id))).items

    assert (sent_back.state, sent_back.answer) == ("refused", "照片看不清")
    assert (again.state, again.answer) == ("submitted", "")
    assert first == second
    assert first.is_verified
    assert [note.action for note in notes] == ["promoters.verify_identity", "promoters.refuse_identity"]
    same = await handed_in(database, shop, me.id, a_form())
    assert same == first, "the same again does not lose what was verified"
    other_card = await handed_in(database, shop, me.id, a_form(bank_account=CARD, bank_name="工商银行"))
    assert other_card.state == "submitted", "another card is looked at anew"


async def test_a_person_is_one_promoter_and_a_verified_one_stays_that_person(
    database: Database, shop: Shop
) -> None:
    first, second = await a_promoter(database, shop), await a_promoter(database, shop)
    await handed_in(database, shop, first.id, a_form())
    async with database.begin(shop.merchant) as uow:
        await promoters.verify_identity(uow, first.id)

    with pytest.raises(identities.IdentityTaken):
        await handed_in(database, shop, second.id, a_form(real_name="王大明"))
    with pytest.raises(identities.IdentityFixed):
        await handed_in(database, shop, first.id, a_form(id_number=number("11010519850307002")))

    async with database.begin(shop.merchant) as uow:
        assert await promoters.identity(uow, second.id) is None
        assert (await promoters.identity_open(uow, first.id, secret=SECRET, why="核对")).id_number == WANG


async def test_another_key_or_row_opens_nothing(database: Database, shop: Shop) -> None:
    first, second = await a_promoter(database, shop), await a_promoter(database, shop)
    await handed_in(database, shop, first.id, a_form())
    await handed_in(database, shop, second.id, a_form(id_number=number("11010519850307002")))

    with pytest.raises(identities.IdentityLocked):
        async with database.begin(shop.merchant) as uow:
            await promoters.identity_open(uow, first.id, secret="another secret", why="核对")
    async with database.begin(shop.merchant) as uow:  # somebody moves one person's seal into another's row
        await uow.run(
            """
            update promoter_identities set number_sealed = (
                select number_sealed from promoter_identities where merchant_id = %(merchant_id)s and promoter_id = %(a)s)
            where merchant_id = %(merchant_id)s and promoter_id = %(b)s
            """,
            a=first.id,
            b=second.id,
        )
    with pytest.raises(identities.IdentityLocked):
        async with database.begin(shop.merchant) as uow:
            await promoters.identity_open(uow, second.id, secret=SECRET, why="核对")
    renewed = await handed_in(database, shop, first.id, a_form(), secret="another secret")
    assert renewed.state == "submitted", "with a new key the promoter fills it in again"


async def test_another_merchant_has_no_such_person(database: Database, shop: Shop, new_shop) -> None:
    me = await a_promoter(database, shop)
    await handed_in(database, shop, me.id, a_form())
    other = await new_shop()

    async with database.begin(other) as uow:
        assert await promoters.identity(uow, me.id) is None
        assert await promoters.identities_waiting(uow) == []
    for asked in (
        lambda uow: promoters.identity_open(uow, me.id, secret=SECRET, why="看看"),
        lambda uow: promoters.verify_identity(uow, me.id),
        lambda uow: promoters.refuse_identity(uow, me.id, "不行"),
    ):
        with pytest.raises(NotFound):
            async with database.begin(other) as uow:
                await asked(uow)

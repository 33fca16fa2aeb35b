"""Real names of promoters (T-07, D-12): sealed where they lie, masked where they are shown, opened only with a note.

Each field is AES-256-GCM under a key made from `SIYU_SECRET` for this merchant, bound to its promoter and field.
"""

import hmac
import secrets
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from siyu.connect import crypto
from siyu.growth.promoters import identity_rules as rules
from siyu.growth.promoters.recruiting import checked_reason
from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork

TaxMethod = Literal["labour", "platform", "invoice"]
TAX_METHODS: tuple[str, ...] = get_args(TaxMethod)
BANK_LENGTH_MAX = 60


class Identity(msgspec.Struct, frozen=True):
    """A promoter's real name as people may see it: masked."""

    promoter_id: UUID
    state: str
    name_masked: str
    number_masked: str
    card_masked: str
    bank_name: str
    tax_method: str
    answer: str
    consented_at: datetime
    submitted_at: datetime
    decided_by: str
    decided_at: datetime | None

    @property
    def is_verified(self) -> bool:
        return self.state == "verified"


class OpenIdentity(msgspec.Struct, frozen=True):
    """A promoter's real name, unsealed, for a payout or a tax return. Never logged, never shown whole on a page."""

    real_name: str
    id_number: str
    bank_account: str
    bank_name: str
    tax_method: str


class IdentityForm(msgspec.Struct, frozen=True):
    """What a promoter fills in. `is_consented` is the separate consent to sensitive data (个人信息保护法 art. 29)."""

    real_name: str
    id_number: str
    is_consented: bool
    bank_account: str = ""
    bank_name: str = ""
    tax_method: str = "labour"


class IdentityFixed(DomainError):
    """A verified identity does not become another person's."""

    code = "promoters.identity_fixed"
    status = 409
    zh = "实名已经核实，不能换成另一个人；如有错误请联系商家驳回后重填。"
    en = (
        "A verified real name cannot become another person's; ask the shop to reject it first if it is wrong."
    )


class IdentityTaken(DomainError):
    """Another promoter has given the same number."""

    code = "promoters.identity_taken"
    status = 409
    zh = "这个证件已用于另一位推广员；一个人只能有一个推广身份。"
    en = "This identity belongs to another promoter; a person can be one promoter only."


class IdentityLocked(DomainError):
    """The key has changed since the identity was sealed."""

    code = "promoters.identity_locked"
    status = 409
    zh = "密钥已更换，实名资料无法打开，请本人重新填写。"
    en = "The key has changed and the identity cannot be opened; the promoter has to fill it in again."


class _Sealed(msgspec.Struct, frozen=True):
    state: str
    name_sealed: str
    number_sealed: str
    card_sealed: str
    bank_name: str
    tax_method: str
    number_digest: str


async def identity(uow: UnitOfWork, promoter_id: UUID) -> Identity | None:
    """What a promoter gave, masked; None before they did."""
    return await uow.maybe(
        Identity,
        """
        select promoter_id, state, name_masked, number_masked, card_masked, bank_name, tax_method, answer, consented_at,
               submitted_at, decided_by, decided_at
        from promoter_identities where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s
        """,
        promoter=promoter_id,
    )


async def identities_waiting(uow: UnitOfWork, limit: int = 200) -> list[Identity]:
    """Real names that wait to be verified, the oldest first."""
    return await uow.all(
        Identity,
        """
        select promoter_id, state, name_masked, number_masked, card_masked, bank_name, tax_method, answer, consented_at,
               submitted_at, decided_by, decided_at
        from promoter_identities where merchant_id = %(merchant_id)s and state = 'submitted'
        order by submitted_at, promoter_id limit %(limit)s
        """,
        limit=limit,
    )


async def submit_identity(
    uow: UnitOfWork, promoter_id: UUID, form: IdentityForm, *, secret: str
) -> Identity | None:
    """Seal a real name for review. The same again changes nothing; anything else waits for review anew.

    Raises Invalid at the field (also for a person under 18), IdentityFixed and IdentityTaken.
    """
    form = _checked(uow, form)
    digest = hmac.digest(_key(uow, secret, "digest"), form.id_number.encode(), "sha256").hex()
    await uow.run(
        "select 1 from promoters where merchant_id = %(merchant_id)s and id = %(id)s for update",
        id=promoter_id,
    )
    known = await _sealed(uow, promoter_id)
    if known is not None:
        if known.state == "verified" and known.number_digest != digest:
            raise IdentityFixed
        if known.state != "refused" and _is_same(uow, promoter_id, known, form, secret):
            return await identity(uow, promoter_id)
    if await _is_anothers(uow, promoter_id, digest):
        raise IdentityTaken(field="id_number")
    await _write(uow, promoter_id, form, digest, secret)
    return await identity(uow, promoter_id)


async def _write(uow: UnitOfWork, promoter_id: UUID, form: IdentityForm, digest: str, secret: str) -> None:
    await uow.run(
        """
        insert into promoter_identities (merchant_id, promoter_id, state, name_sealed, number_sealed, card_sealed,
                                         name_masked, number_masked, card_masked, bank_name, number_digest, tax_method,
                                         consented_at, submitted_at)
        values (%(merchant_id)s, %(promoter)s, 'submitted', %(name)s, %(number)s, %(card)s, %(name_masked)s,
                %(number_masked)s, %(card_masked)s, %(bank)s, %(digest)s, %(tax)s, %(now)s, %(now)s)
        on conflict (merchant_id, promoter_id) do update
        set state = 'submitted', name_sealed = excluded.name_sealed, number_sealed = excluded.number_sealed,
            card_sealed = excluded.card_sealed, name_masked = excluded.name_masked,
            number_masked = excluded.number_masked, card_masked = excluded.card_masked, bank_name = excluded.bank_name,
            number_digest = excluded.number_digest, tax_method = excluded.tax_method,
            consented_at = excluded.consented_at, submitted_at = excluded.submitted_at, answer = '', decided_by = '',
            decided_at = null
        """,
        promoter=promoter_id,
        name=_seal(uow, promoter_id, "name", form.real_name, secret),
        number=_seal(uow, promoter_id, "number", form.id_number, secret),
        card=_seal(uow, promoter_id, "card", form.bank_account, secret) if form.bank_account else "",
        name_masked=rules.name_masked(form.real_name),
        number_masked=rules.number_masked(form.id_number),
        card_masked=rules.card_masked(form.bank_account),
        bank=form.bank_name,
        digest=digest,
        tax=form.tax_method,
    )


def _checked(uow: UnitOfWork, form: IdentityForm) -> IdentityForm:
    number, card = rules.cleaned_number(form.id_number), rules.cleaned_card(form.bank_account)
    name, bank = form.real_name.strip(), form.bank_name.strip()
    if not form.is_consented:
        raise Invalid(
            field="is_consented",
            zh="请先单独同意处理身份信息。",
            en="Please consent to the use of your identity first.",
        )
    if not rules.is_name(name):
        raise Invalid(
            field="real_name", zh="请填写身份证上的姓名。", en="Write the name on your identity card."
        )
    if not rules.is_id_number(number):
        raise Invalid(
            field="id_number",
            zh="身份证号不正确，请核对 18 位号码。",
            en="This is not a valid identity number.",
        )
    if not rules.is_of_age(number, uow.now.astimezone(ZoneInfo(uow.merchant.timezone)).date()):
        raise Invalid(field="id_number", zh="推广员须年满 18 周岁。", en="A promoter is 18 or older.")
    if card and not rules.is_card(card):
        raise Invalid(field="bank_account", zh="银行卡号不正确。", en="This is not a valid card number.")
    if bool(card) != bool(bank) or len(bank) > BANK_LENGTH_MAX:
        raise Invalid(
            field="bank_name",
            zh="填了卡号也要填开户行。",
            en="A card number and the name of its bank belong together.",
        )
    if form.tax_method not in TAX_METHODS:
        raise Invalid(field="tax_method", zh="请选择收款方式。", en="Choose how you are paid.")
    return IdentityForm(
        name, number, is_consented=True, bank_account=card, bank_name=bank, tax_method=form.tax_method
    )


async def identity_open(uow: UnitOfWork, promoter_id: UUID, *, secret: str, why: str) -> OpenIdentity:
    """Unseal a real name; who opened it and why is noted. Raises NotFound and IdentityLocked."""
    sealed = await _sealed(uow, promoter_id)
    if sealed is None:
        raise NotFound(what="实名资料 / real name")
    opened = _opened(uow, promoter_id, sealed, secret)
    await audit.note(
        uow,
        "promoters.open_identity",
        subject_kind="promoter",
        subject=promoter_id,
        reason=checked_reason(why),
    )
    return opened


async def verify_identity(uow: UnitOfWork, promoter_id: UUID) -> Identity:
    """Finance has compared it with the card and finds it right. Twice is once. Raises NotFound."""
    return await _decide(uow, promoter_id, "verified", "promoters.verify_identity", "")


async def refuse_identity(uow: UnitOfWork, promoter_id: UUID, reason: str) -> Identity:
    """Send a real name back to be filled in again, with the reason. Twice is once. Raises Invalid and NotFound."""
    return await _decide(uow, promoter_id, "refused", "promoters.refuse_identity", checked_reason(reason))


async def _decide(uow: UnitOfWork, promoter_id: UUID, state: str, action: str, reason: str) -> Identity:
    await uow.run(
        "select 1 from promoters where merchant_id = %(merchant_id)s and id = %(id)s for update",
        id=promoter_id,
    )
    before = await identity(uow, promoter_id)
    if before is None:
        raise NotFound(what="实名资料 / real name")
    if before.state == state:
        return before
    await uow.run(
        """
        update promoter_identities set state = %(state)s, answer = %(answer)s, decided_by = %(by)s, decided_at = %(now)s
        where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s
        """,
        promoter=promoter_id,
        state=state,
        answer=reason,
        by=uow.actor.name,
    )
    await audit.note(
        uow, action, subject_kind="promoter", subject=promoter_id, name=before.name_masked,
        before={"state": before.state}, after={"state": state}, reason=reason,
    )  # fmt: skip
    after = await identity(uow, promoter_id)
    assert after is not None, "the row is held"
    return after


async def _sealed(uow: UnitOfWork, promoter_id: UUID) -> _Sealed | None:
    return await uow.maybe(
        _Sealed,
        """
        select state, name_sealed, number_sealed, card_sealed, bank_name, tax_method, number_digest
        from promoter_identities where merchant_id = %(merchant_id)s and promoter_id = %(promoter)s
        """,
        promoter=promoter_id,
    )


async def _is_anothers(uow: UnitOfWork, promoter_id: UUID, digest: str) -> bool:
    return await uow.one(
        bool,
        """
        select exists (select from promoter_identities
                       where merchant_id = %(merchant_id)s and number_digest = %(digest)s
                         and promoter_id <> %(promoter)s)
        """,
        digest=digest,
        promoter=promoter_id,
    )


def _is_same(uow: UnitOfWork, promoter_id: UUID, known: _Sealed, form: IdentityForm, secret: str) -> bool:
    try:
        opened = _opened(uow, promoter_id, known, secret)
    except IdentityLocked:
        return False
    return opened == OpenIdentity(
        form.real_name, form.id_number, form.bank_account, form.bank_name, form.tax_method
    )


def _opened(uow: UnitOfWork, promoter_id: UUID, sealed: _Sealed, secret: str) -> OpenIdentity:
    return OpenIdentity(
        real_name=_open(uow, promoter_id, "name", sealed.name_sealed, secret),
        id_number=_open(uow, promoter_id, "number", sealed.number_sealed, secret),
        bank_account=_open(uow, promoter_id, "card", sealed.card_sealed, secret)
        if sealed.card_sealed
        else "",
        bank_name=sealed.bank_name,
        tax_method=sealed.tax_method,
    )


def _key(uow: UnitOfWork, secret: str, use: str) -> bytes:
    return hmac.digest(secret.encode(), f"promoter identity:{use}:{uow.merchant.id}".encode(), "sha256")


def _seal(uow: UnitOfWork, promoter_id: UUID, field: str, text: str, secret: str) -> str:
    nonce = secrets.token_urlsafe(9)  # twelve characters, 72 bits: no two rows of a merchant ever share one
    sealed = crypto.seal(
        _key(uow, secret, "seal"), text.encode(), nonce=nonce, associated_data=f"{promoter_id}:{field}"
    )
    return f"{nonce}.{sealed}"


def _open(uow: UnitOfWork, promoter_id: UUID, field: str, sealed: str, secret: str) -> str:
    nonce, _, body = sealed.partition(".")
    try:
        return crypto.open_sealed(
            _key(uow, secret, "seal"), body, nonce=nonce, associated_data=f"{promoter_id}:{field}"
        ).decode()
    except crypto.CannotOpen:
        raise IdentityLocked from None

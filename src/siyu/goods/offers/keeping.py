"""Making and changing offers. What has begun may only get better for buyers; what has ended stays ended.

规范促销行为暂行规定 art. 13: the rules of a promotion are published before it and kept while it runs.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.goods.offers.checking import problems, worsened
from siyu.goods.offers.model import ACTIVITY_KINDS, Audience, Funder, OfferForm, Rule, Scope, Stacking, State
from siyu.kernel.errors import DomainError, Invalid, NotFound
from siyu.kernel.paging import Page, bounded
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork


class OfferRow(msgspec.Struct, frozen=True):
    """An offer as it is kept, with what has been used of it. `spent` is what it has given away, in minor units."""

    id: UUID
    name: str
    rule: Rule
    scope: Scope
    audience: Audience
    stacking: Stacking
    priority: int
    starts_at: datetime | None
    ends_at: datetime | None
    budget: int | None
    uses_max: int | None
    per_person: int | None
    per_person_day: int | None
    funders: tuple[Funder, ...]
    floor_margin: int | None
    kind: str
    state: State
    version: int
    spent: int
    uses: int
    created_at: datetime
    updated_at: datetime

    def form(self) -> OfferForm:
        return OfferForm(**{name: getattr(self, name) for name in OfferForm.__struct_fields__})

    def has_begun(self, now: datetime) -> bool:
        """Whether buyers could meet it: active or paused, and past its start."""
        return self.state in {"active", "paused"} and (self.starts_at is None or self.starts_at <= now)

    def phase(self, now: datetime) -> str:
        """Where it stands by the clock: draft, waiting, running, paused or ended."""
        if self.state == "ended" or (self.ends_at is not None and self.ends_at <= now):
            return "ended"
        if self.state == "active":
            return "running" if self.starts_at is None or self.starts_at <= now else "waiting"
        return self.state


class WrongOfferState(DomainError):
    """The offer is in a state from which this cannot be done. Nothing was changed."""

    code = "offers.wrong_state"
    status = 409
    zh = "这个活动{word}，不能做这个操作。"
    en = "The offer {word}; this cannot be done now."


PHASE_WORDS = {
    "draft": "还是草稿 / is a draft",
    "waiting": "还没开始 / has not begun",
    "running": "正在进行 / is running",
    "paused": "已暂停 / is paused",
    "ended": "已经结束 / is over",
}

_SELECT = """
    select o.id, o.name, o.rule, o.scope, o.audience, o.stacking, o.priority, o.starts_at, o.ends_at, o.budget, o.uses_max,
    o.per_person, o.per_person_day, o.funders, o.floor_margin, o.kind, o.state, o.version, c.spent, c.uses,
    o.created_at, o.updated_at
    from offers o join offer_counters c on c.merchant_id = o.merchant_id and c.offer_id = o.id
    where o.merchant_id = %(merchant_id)s
"""


async def save(uow: UnitOfWork, offer_id: UUID, form: OfferForm) -> OfferRow:
    """Make an offer (a draft), or change one that is there. `offer_id` is made by the asker: twice is once.

    Raises Invalid naming the field; once buyers could meet the offer, also for a change that is not in their favour;
    WrongOfferState for one that is over.
    """
    known = await _locked(uow, offer_id)
    if known is not None and known.form() == form:
        return known
    if known is not None and known.phase(uow.now) == "ended":
        raise WrongOfferState(word=PHASE_WORDS["ended"])
    kind = _kind(form.rule)
    if known is not None and known.kind != kind:
        raise Invalid(field="rule", zh="活动类型不能修改。", en="The kind of an offer cannot change.")
    for problem in await problems(uow, form):
        raise problem
    if known is not None and known.has_begun(uow.now):
        refusal = worsened(known.form(), form)
        if refusal is not None:
            raise refusal
    await _write(uow, offer_id, form, kind)
    await audit.note(
        uow, "offers.save", subject_kind="offer", subject=offer_id, name=form.name.strip(),
        before=None if known is None else _said(known.form()), after=_said(form),
    )  # fmt: skip
    return await find(uow, offer_id)


async def _write(uow: UnitOfWork, offer_id: UUID, form: OfferForm, kind: str) -> None:
    await uow.run(
        """
        with kept as (
            insert into offers (merchant_id, id, name, kind, rule, scope, audience, stacking, priority, starts_at,
                                ends_at, budget, uses_max, per_person, per_person_day, funders, floor_margin,
                                created_at, updated_at)
            values (%(merchant_id)s, %(id)s, %(name)s, %(kind)s, %(rule)s::jsonb, %(scope)s::jsonb,
                    %(audience)s::jsonb, %(stacking)s, %(priority)s, %(starts_at)s, %(ends_at)s, %(budget)s,
                    %(uses_max)s, %(per_person)s, %(per_person_day)s, %(funders)s::jsonb, %(floor_margin)s,
                    %(now)s, %(now)s)
            on conflict (merchant_id, id) do update
            set name = excluded.name, rule = excluded.rule, scope = excluded.scope, audience = excluded.audience,
                stacking = excluded.stacking, priority = excluded.priority, starts_at = excluded.starts_at,
                ends_at = excluded.ends_at, budget = excluded.budget, uses_max = excluded.uses_max,
                per_person = excluded.per_person, per_person_day = excluded.per_person_day,
                funders = excluded.funders, floor_margin = excluded.floor_margin, updated_at = excluded.updated_at,
                version = offers.version + 1
            returning offers.*
        ), said as (
            insert into offer_versions (merchant_id, offer_id, version, name, rule, scope, audience, stacking, priority,
                                        floor_margin, at)
            select merchant_id, id, version, name, rule, scope, audience, stacking, priority, floor_margin, updated_at
            from kept
        )
        insert into offer_counters (merchant_id, offer_id) values (%(merchant_id)s, %(id)s) on conflict do nothing
        """,
        id=offer_id,
        kind=kind,
        **{
            name: _json(getattr(form, name))
            if name in {"rule", "scope", "audience", "funders"}
            else getattr(form, name)
            for name in OfferForm.__struct_fields__
            if name != "name"
        },
        name=form.name.strip(),
    )


async def activate(uow: UnitOfWork, offer_id: UUID) -> OfferRow:
    """Publish a draft, or go on with a paused offer. Everything is checked again, because prices may have moved.

    Raises NotFound, WrongOfferState, and Invalid naming the field.
    """
    offer = await _owned(uow, offer_id)
    if offer.phase(uow.now) in {"running", "waiting"}:
        return offer
    if offer.phase(uow.now) == "ended":
        raise WrongOfferState(word=PHASE_WORDS["ended"])
    for problem in await problems(uow, offer.form()):
        raise problem
    return await _move(uow, offer, "active")


async def pause(uow: UnitOfWork, offer_id: UUID) -> OfferRow:
    """Stop giving it out for a while. Orders that are placed keep what they got. Raises NotFound, WrongOfferState."""
    offer = await _owned(uow, offer_id)
    if offer.state == "paused":
        return offer
    if offer.phase(uow.now) not in {"running", "waiting"}:
        raise WrongOfferState(word=PHASE_WORDS[offer.phase(uow.now)])
    return await _move(uow, offer, "paused")


async def end(uow: UnitOfWork, offer_id: UUID) -> OfferRow:
    """End it for good: what has ended never begins again (规范促销行为暂行规定 art. 20). Raises NotFound."""
    offer = await _owned(uow, offer_id)
    return offer if offer.state == "ended" else await _move(uow, offer, "ended")


async def clone(uow: UnitOfWork, offer_id: UUID, new_id: UUID) -> OfferRow:
    """A draft with the same rules and no times: the way to change what may not be changed. Raises NotFound."""
    known = await _locked(uow, new_id)
    if known is not None:
        return known
    offer = await find(uow, offer_id)
    name = f"{offer.name[:55]} 副本"
    form = msgspec.structs.replace(offer.form(), name=name, starts_at=None, ends_at=None)
    await _write(uow, new_id, form, offer.kind)
    await audit.note(
        uow, "offers.clone", subject_kind="offer", subject=new_id, name=name, after={"of": str(offer_id)}
    )
    return await find(uow, new_id)


async def find(uow: UnitOfWork, offer_id: UUID) -> OfferRow:
    """Raises NotFound."""
    found = await _rows(uow, [offer_id])
    if not found:
        raise NotFound(what="活动 / offer")
    return found[0]


async def listing(
    uow: UnitOfWork,
    *,
    kinds: Sequence[str] | None = None,
    phase: str | None = None,
    text: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Page[OfferRow]:
    """Offers, newest first, by keyset. `phase` is that of `OfferRow.phase`; `since` and `until` keep what runs then."""
    limit = bounded(limit)
    created_at, last_id = after or (None, None)
    found = await uow.all(
        OfferRow,
        _SELECT
        + """
          and (%(kinds)s::text[] is null or o.kind = any(%(kinds)s))
          and (%(phase)s::text is null or %(phase)s = case
                   when o.state = 'ended' or o.ends_at <= %(now)s then 'ended'
                   when o.state = 'active' and o.starts_at > %(now)s then 'waiting'
                   when o.state = 'active' then 'running' else o.state end)
          and (%(text)s = '' or position(lower(%(text)s) in lower(o.name)) > 0)
          and (%(since)s::timestamptz is null or o.ends_at is null or o.ends_at > %(since)s)
          and (%(until)s::timestamptz is null or coalesce(o.starts_at, o.created_at) < %(until)s)
          and (%(created_at)s::timestamptz is null or (o.created_at, o.id) < (%(created_at)s, %(last_id)s::uuid))
        order by o.created_at desc, o.id desc limit %(limit)s
          """,
        kinds=None if kinds is None else list(kinds),
        phase=phase,
        text=text.strip(),
        since=since,
        until=until,
        created_at=created_at,
        last_id=last_id,
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], f"{last.created_at.isoformat()}~{last.id}" if last else None)


async def _rows(uow: UnitOfWork, offer_ids: Sequence[UUID]) -> list[OfferRow]:
    return await uow.all(
        OfferRow,
        _SELECT + " and o.id = any(%(ids)s)",
        ids=list(offer_ids),
    )


async def _locked(uow: UnitOfWork, offer_id: UUID) -> OfferRow | None:
    await uow.send(
        "select from offers where merchant_id = %(merchant_id)s and id = %(id)s for update", id=offer_id
    )
    return next(iter(await _rows(uow, [offer_id])), None)


async def _owned(uow: UnitOfWork, offer_id: UUID) -> OfferRow:
    offer = await _locked(uow, offer_id)
    if offer is None:
        raise NotFound(what="活动 / offer")
    return offer


async def _move(uow: UnitOfWork, offer: OfferRow, state: State) -> OfferRow:
    await uow.run(
        """
        update offers set state = %(state)s, updated_at = %(now)s,
                          starts_at = case when %(state)s = 'active' and kind = any(%(timed)s)
                                           then coalesce(starts_at, %(now)s) else starts_at end,
                          ends_at = case when %(state)s = 'ended' and starts_at < %(now)s
                                         then least(ends_at, %(now)s) else ends_at end
        where merchant_id = %(merchant_id)s and id = %(id)s
        """,
        id=offer.id,
        state=state,
        timed=list(ACTIVITY_KINDS),
    )
    await audit.note(
        uow, f"offers.{_VERBS[state]}", subject_kind="offer", subject=offer.id, name=offer.name,
        before={"state": offer.state}, after={"state": state},
    )  # fmt: skip
    return await find(uow, offer.id)


_VERBS = {"active": "activate", "paused": "pause", "ended": "end"}


def _kind(rule: Rule) -> str:
    kind = type(rule).__struct_config__.tag
    assert isinstance(kind, str), "every rule is a tagged struct"
    return kind


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _said(form: OfferForm) -> dict[str, object]:
    """The form for the audit log: what has parts of its own is told as JSON, so that a change of it can be read."""
    plain = msgspec.to_builtins(form, str_keys=True)
    return {
        name: _json(value) if isinstance(value, dict | list | tuple) else value
        for name, value in plain.items()
    }

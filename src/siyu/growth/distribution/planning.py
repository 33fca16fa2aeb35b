"""The plans that say what sales earn: drafts, publishing, pausing, ending. What was published is never changed: a change
is a new version, and the lines it earned keep theirs.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from siyu.growth.distribution import checking
from siyu.growth.distribution.model import NeedsApprover, Plan, PlanRefused, PlanRule, WrongPlanState
from siyu.growth.distribution.plan_queries import find_plan, versions
from siyu.growth.distribution.rules import RATE_BPS_MAX
from siyu.growth.distribution.shaping import checked_name, checked_rule
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime import audit
from siyu.runtime.db import UnitOfWork


async def add_plan(
    uow: UnitOfWork,
    *,
    name: str,
    rate_bps: int,
    category_id: UUID | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Plan:
    """A published plan of the simplest kind. Rates are basis points, at most 3,000 (30 %). Raises Invalid and what
    `publish` raises.
    """
    if not 1 <= rate_bps <= RATE_BPS_MAX:
        raise Invalid(
            field="rate_bps", zh="佣金比例需在 0.01% 到 30% 之间。", en="A rate is between 0.01% and 30%."
        )
    plan_id = ids.new()
    rule = PlanRule(
        rate_bps=rate_bps,
        scope="all" if category_id is None else "categories",
        targets=() if category_id is None else (category_id,),
        starts_at=starts_at,
        ends_at=ends_at,
    )
    await save(uow, plan_id, name, rule)
    return await publish(uow, plan_id)


async def save(uow: UnitOfWork, plan_id: UUID, name: str, rule: PlanRule) -> Plan:
    """Keep a draft: of a new plan, or the next version of one. Nothing that was published changes.

    Saving the same again changes nothing. Raises Invalid with the field, and WrongPlanState for a plan that is over.
    """
    name, rule = checked_name(name), await checked_rule(uow, rule)
    await uow.run(
        """
        insert into commission_plans (merchant_id, id, name, state, version, created_at)
        values (%(merchant_id)s, %(id)s, %(name)s, 'draft', 0, %(now)s) on conflict do nothing
        """,
        id=plan_id,
        name=name,
    )
    state = await _locked(uow, plan_id)
    if state == "ended":
        raise WrongPlanState
    known = await versions(uow, plan_id)
    is_draft = bool(known) and known[0].published_at is None
    number = known[0].version if is_draft else (known[0].version + 1 if known else 1)
    if state == "draft":
        await uow.run(
            "update commission_plans set name = %(name)s where merchant_id = %(merchant_id)s and id = %(id)s",
            id=plan_id,
            name=name,
        )
    if is_draft or not known or known[0].rule != rule:
        await uow.run(
            """
            insert into commission_plan_versions (merchant_id, plan_id, version, rule, created_by, created_at)
            values (%(merchant_id)s, %(id)s, %(version)s, %(rule)s::jsonb, %(by)s, %(now)s)
            on conflict (merchant_id, plan_id, version)
                do update set rule = excluded.rule, created_by = excluded.created_by, created_at = excluded.created_at
            """,
            id=plan_id,
            version=number,
            rule=msgspec.json.encode(rule).decode(),
            by=uow.actor.name,
        )
    return await find_plan(uow, plan_id)


async def publish(uow: UnitOfWork, plan_id: UUID, *, reason: str = "") -> Plan:
    """Put the draft in force for sales paid from now on; of a plan without a draft, nothing happens.

    Raises PlanRefused when the check finds what is forbidden, and NeedsApprover when it finds what a person has to
    answer for: then only an actor who may approve, with a reason, can publish (noted).
    """
    await _locked(uow, plan_id)
    plan = await find_plan(uow, plan_id)
    if plan.draft is None:
        return plan
    if plan.state == "ended":
        raise WrongPlanState
    draft = (await versions(uow, plan_id))[0]
    found = await checking.findings(uow, plan.id, plan.name, draft.rule)
    approver = _answered(uow, found, reason)
    _within_budget(plan, draft.rule)
    starts = max(uow.now, draft.rule.starts_at or uow.now)
    if plan.version == 0 and draft.rule.starts_at is not None:
        # A first version may say that it held from earlier on; only facts not yet digested can be concerned.
        starts = draft.rule.starts_at
    await _close_terms(uow, plan_id)
    await uow.run(
        """
        with published as (
            update commission_plan_versions
            set published_by = %(by)s, published_at = %(now)s, approved_by = %(approver)s, approval_reason = %(reason)s
            where merchant_id = %(merchant_id)s and plan_id = %(id)s and version = %(version)s
        ), live as (
            update commission_plans set state = 'published', version = %(version)s, budget = %(budget)s
            where merchant_id = %(merchant_id)s and id = %(id)s
        )
        insert into commission_plan_terms (merchant_id, plan_id, version, starts_at, ends_at)
        values (%(merchant_id)s, %(id)s, %(version)s, %(starts)s, %(ends)s)
        """,
        id=plan_id,
        version=draft.version,
        by=uow.actor.name,
        approver=approver,
        reason=reason.strip()[:500] if approver else "",
        budget=draft.rule.budget,
        starts=starts,
        ends=None if draft.rule.ends_at is None else max(draft.rule.ends_at, starts),
    )
    before = None if plan.version == 0 else _noted(plan.version, plan.rule)
    await audit.note(
        uow,
        "commission.publish",
        subject_kind="commission_plan",
        subject=plan_id,
        name=plan.name,
        before=before,
        after=_noted(draft.version, draft.rule),
        reason=reason,
    )
    return await find_plan(uow, plan_id)


def _answered(uow: UnitOfWork, found: Sequence[checking.Finding], reason: str) -> str:
    """The name of who answers for warnings that need one; empty when none does."""
    blocks = [finding for finding in found if finding.severity == "block"]
    if blocks:
        raise PlanRefused(
            field=blocks[0].field,
            findings_zh="；".join(finding.zh for finding in blocks),
            findings_en="; ".join(finding.en for finding in blocks),
        )
    if not any(finding.severity == "gate" for finding in found):
        return ""
    if not (uow.actor.kind == "staff" and uow.actor.may(Permission.COMMISSION_APPROVE) and reason.strip()):
        raise NeedsApprover(field="reason")
    return uow.actor.name or str(uow.actor.id)


def _within_budget(plan: Plan, rule: PlanRule) -> None:
    if rule.budget is not None and rule.budget < plan.spent:
        raise Invalid(
            field="budget",
            zh="预算不能低于已经使用的金额。",
            en="The budget cannot be less than what has been promised already.",
        )


def _noted(version: int, rule: PlanRule) -> dict[str, object]:
    told = msgspec.to_builtins(rule, str_keys=True)
    amounts = {
        f"{key}_amount": told[key]
        for key in ("fixed", "budget", "order_cap", "day_cap", "month_cap")
        if told[key]
    }
    return {"version": version, "rate_bps": told["rate_bps"], "scope": told["scope"], **amounts}


async def pause(uow: UnitOfWork, plan_id: UUID, reason: str = "") -> Plan:
    """Sales paid from now on earn nothing by this plan, until it is resumed. Raises WrongPlanState."""
    return await _move(uow, plan_id, "paused", ("published",), reason)


async def end(uow: UnitOfWork, plan_id: UUID, reason: str = "") -> Plan:
    """For good. What was earned stays earned. Raises WrongPlanState."""
    return await _move(uow, plan_id, "ended", ("draft", "published", "paused", "spent"), reason)


async def resume(uow: UnitOfWork, plan_id: UUID, reason: str = "") -> Plan:
    """In force again from now on, with the version published last; a plan whose budget ran out only when refunds gave
    some of it back. Raises WrongPlanState.
    """
    await _locked(uow, plan_id)
    plan = await find_plan(uow, plan_id)
    if plan.state == "published":
        return plan
    is_over = plan.rule.ends_at is not None and plan.rule.ends_at <= uow.now
    is_spent = plan.budget is not None and plan.spent >= plan.budget
    if plan.state not in {"paused", "spent"} or is_over or is_spent:
        raise WrongPlanState
    await uow.run(
        """
        with live as (
            update commission_plans set state = 'published' where merchant_id = %(merchant_id)s and id = %(id)s
        )
        insert into commission_plan_terms (merchant_id, plan_id, version, starts_at, ends_at)
        values (%(merchant_id)s, %(id)s, %(version)s, %(now)s, %(ends)s)
        """,
        id=plan_id,
        version=plan.version,
        ends=plan.rule.ends_at,
    )
    await _note_state(uow, plan, "published", reason)
    return await find_plan(uow, plan_id)


async def _move(uow: UnitOfWork, plan_id: UUID, to: str, froms: Sequence[str], reason: str) -> Plan:
    await _locked(uow, plan_id)
    plan = await find_plan(uow, plan_id)
    if plan.state == to:
        return plan
    if plan.state not in froms:
        raise WrongPlanState
    await _close_terms(uow, plan_id)
    await uow.run(
        "update commission_plans set state = %(to)s where merchant_id = %(merchant_id)s and id = %(id)s",
        id=plan_id,
        to=to,
    )
    await _note_state(uow, plan, to, reason)
    return await find_plan(uow, plan_id)


async def _note_state(uow: UnitOfWork, plan: Plan, to: str, reason: str) -> None:
    await audit.note(
        uow,
        {"paused": "commission.pause", "ended": "commission.end", "published": "commission.resume"}[to],
        subject_kind="commission_plan",
        subject=plan.id,
        name=plan.name,
        before={"state": plan.state},
        after={"state": to},
        reason=reason,
    )


async def _locked(uow: UnitOfWork, plan_id: UUID) -> str:
    """Raises NotFound through `find_plan` when there is none."""
    state = await uow.maybe(
        str,
        "select state from commission_plans where merchant_id = %(merchant_id)s and id = %(id)s for update",
        id=plan_id,
    )
    return state or (await find_plan(uow, plan_id)).state


async def _close_terms(uow: UnitOfWork, plan_id: UUID) -> None:
    await uow.run(
        """
        update commission_plan_terms set ends_at = greatest(starts_at, %(now)s)
        where merchant_id = %(merchant_id)s and plan_id = %(id)s and (ends_at is null or ends_at > %(now)s)
        """,
        id=plan_id,
    )

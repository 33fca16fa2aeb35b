"""The rules of attribution as pure functions. `doors.attributions` says the same in SQL, and a test compares the two."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from siyu.place.attribution.model import (
    Candidate,
    Holder,
    Outcome,
    Policy,
    PromoterTouch,
    Relation,
    Said,
    Standing,
    Verdict,
)

LIVE = "live"


def fold(events: Iterable[PromoterTouch | Said], policy_at: Callable[[datetime], Policy]) -> list[Standing]:
    """What a customer's relation became after each event that changed it, the oldest first.

    The order in which the events are given means nothing, only when they happened: touches that are learnt of after
    sign-in give the relation that touches before it would have given. Each event is judged by its own day's policy.
    """
    standings: list[Standing] = []
    now: Relation | None = None
    for event in sorted(events, key=lambda event: (event.at, event.id)):
        policy = policy_at(event.at)
        match event:
            case PromoterTouch():
                after, cause = _touched(now, event, policy), "touch"
            case Said():
                after, cause = _said(now, event, policy), event.kind
        if after != now:
            standings.append(Standing(after, cause, event.id, event.at))
            now = after
    return standings


def _touched(now: Relation | None, touch: PromoterTouch, policy: Policy) -> Relation | None:
    """Coming by one's own link binds nobody; within protection another's link does not either."""
    if touch.is_own or policy.relation_days == 0:
        return now
    if now is None or now.valid_until <= touch.at:
        return _fresh(touch.promoter_id, touch.at, policy)
    if now.promoter_id == touch.promoter_id:
        return _renewed(now, touch.at, policy)
    return now if touch.at < now.protected_until else _fresh(touch.promoter_id, touch.at, policy)


def _said(now: Relation | None, said: Said, policy: Policy) -> Relation | None:
    """A purchase renews the relation it went through; what people decide holds at once."""
    if said.kind == "cleared" or said.promoter_id is None:
        return None
    if said.kind == "purchase":
        if now is None or now.promoter_id != said.promoter_id or now.valid_until <= said.at:
            return now
        return _renewed(now, said.at, policy)
    if policy.relation_days == 0:
        return now
    return _fresh(said.promoter_id, said.at, policy)


def _fresh(promoter_id: UUID, at: datetime, policy: Policy) -> Relation:
    return Relation(promoter_id, at, at, *_until(at, policy))


def _renewed(now: Relation, at: datetime, policy: Policy) -> Relation:
    protected, valid = _until(at, policy)
    # A shorter policy does not take away what was promised before.
    return Relation(
        now.promoter_id, now.since, at, max(now.protected_until, protected), max(now.valid_until, valid)
    )


def _until(at: datetime, policy: Policy) -> tuple[datetime, datetime]:
    return at + timedelta(days=policy.protection_days), at + timedelta(days=policy.relation_days)


def weigh(touches: Sequence[PromoterTouch], holder: Holder | None, policy: Policy, now: datetime) -> Verdict:
    """Who an order placed at `now` belongs to.

    First the live session one was in, then (if the merchant says so) the guide, then the last promoter's link, then
    the relation. Whoever is paused or dismissed never wins. One's own link counts as a link: it earns nothing, but it
    is no way to give the sale to somebody else.
    """
    in_order = sorted(
        (touch for touch in touches if touch.at <= now), key=lambda touch: (touch.at, touch.id), reverse=True
    )
    since = now - timedelta(days=policy.touch_days)
    live_since = now - timedelta(hours=policy.live_hours)
    counted = [touch for touch in in_order if touch.is_active and _known(touch, now)]
    live = next((t for t in counted if t.door_kind == LIVE and t.at > live_since), None)
    link = next((t for t in counted if t.at > since), None)
    held = holder if holder is not None and holder.is_active and holder.relation.valid_until > now else None
    guide = held if held is not None and held.is_guide and policy.guide_first else None
    winner: PromoterTouch | Holder | None = live or guide or link or held
    said = [
        _candidate(touch, _fate(touch, now, since, live_since, live=live, guide=guide, link=link))
        for touch in in_order
    ]
    if holder is not None:
        said.append(_of_relation(holder, winner, now, is_first=guide is not None, live=live))
    if isinstance(winner, Holder):
        return Verdict(winner.relation.promoter_id, tuple(said))
    return Verdict(winner.promoter_id if winner else None, tuple(said))


def _known(touch: PromoterTouch, now: datetime) -> bool:
    return touch.known_at is None or touch.known_at <= now


def _fate(
    touch: PromoterTouch,
    now: datetime,
    since: datetime,
    live_since: datetime,
    *,
    live: PromoterTouch | None,
    guide: Holder | None,
    link: PromoterTouch | None,
) -> Outcome:
    is_in_live = touch.door_kind == LIVE and touch.at > live_since
    fate: Outcome = "later_link"
    if not _known(touch, now):
        fate = "not_known"
    elif touch.at <= since and not is_in_live:
        fate = "too_old"
    elif not touch.is_active:
        fate = "inactive"
    elif touch is live:
        fate = "won_live"
    elif live is not None and not is_in_live:
        fate = "live_first"
    elif live is None and guide is not None:
        fate = "guide_first"
    elif live is None and touch is link:
        fate = "won_touch"
    return fate


def _candidate(touch: PromoterTouch, outcome: Outcome) -> Candidate:
    kind = "live" if touch.door_kind == LIVE else "touch"
    return Candidate(touch.promoter_id, kind, touch.at, outcome, touch.door_name)


def _of_relation(
    holder: Holder,
    winner: PromoterTouch | Holder | None,
    now: datetime,
    *,
    is_first: bool,
    live: PromoterTouch | None,
) -> Candidate:
    outcome: Outcome
    if holder.relation.valid_until <= now:
        outcome = "over"
    elif not holder.is_active:
        outcome = "inactive"
    elif winner is holder:
        outcome = "won_guide" if is_first else "won_relation"
    elif isinstance(winner, PromoterTouch) and winner is live:
        outcome = "live_first"
    else:
        outcome = "link_first"
    relation = holder.relation
    return Candidate(relation.promoter_id, "relation", relation.since, outcome, until=relation.valid_until)


def policy_of(versions: Sequence[tuple[datetime, Policy]]) -> Callable[[datetime], Policy]:
    """The policy that held at an instant; before the first version the defaults. Versions come oldest first."""
    assert all(one[0] <= next_one[0] for one, next_one in pairwise(versions)), "versions come oldest first"

    def at(moment: datetime) -> Policy:
        held = [policy for since, policy in versions if since <= moment]
        return held[-1] if held else Policy()

    return at

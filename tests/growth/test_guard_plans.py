"""The check of a plan, of what qualifies a promoter, and of an age."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.growth import guard

SOUND = guard.PlanFacts(name="常规佣金", rate_bps=1_000, worst_share_bps=1_000)


def found(**changes: object) -> list[tuple[str, str, str]]:
    facts = msgspec.structs.replace(SOUND, **changes)
    return [(finding.rule, finding.severity, finding.field) for finding in guard.plan(facts)]


def test_a_sound_plan_has_nothing_against_it() -> None:
    assert guard.plan(SOUND) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"pays_on": "registration"}, ("D-01", "block", "pays_on")),
        ({"pays_on": "invitation"}, ("D-01", "block", "pays_on")),
        ({"pays_on": "team_sales"}, ("D-04", "block", "pays_on")),
        ({"pays_on": "share"}, ("W-03", "block", "pays_on")),
        ({"qualification": ("amount_paid",)}, ("D-02", "block", "qualification")),
        ({"qualification": ("orders_placed",)}, ("D-02", "block", "qualification")),
        ({"qualification": ("people_recruited",)}, ("D-02", "block", "qualification")),
        ({"qualification": ("gift_pack",)}, ("D-02", "block", "qualification")),
        ({"depth": 2}, ("D-03", "block", "depth")),
        ({"depth": 3}, ("D-03", "block", "depth")),
        ({"depth": 0}, ("D-03", "block", "depth")),
        ({"kind": "team"}, ("D-04", "block", "kind")),
        ({"kind": "dividend"}, ("D-04", "block", "kind")),
        ({"order_cap_bps": 3_001}, ("D-06", "block", "order_cap_bps")),
        ({"rate_bps": 3_001, "worst_share_bps": 3_001}, ("D-06", "block", "rate_bps")),
        ({"rate_bps": None, "fixed": 900, "worst_share_bps": 4_500}, ("D-06", "block", "fixed")),
        ({"rate_bps": None, "fixed": 900, "worst_share_bps": 4_500, "is_cut": True}, ("D-06", "warn", "fixed")),
        ({"earns_on_own": True}, ("D-07", "block", "earns_on_own")),
        ({"release_days": 6}, ("D-08", "block", "release_days")),
        ({"name": "躺 赚 计划"}, ("D-10", "block", "name")),
        ({"text": "欢迎發展下線"}, ("D-10", "block", "text")),
        ({"funders": ("promoter",)}, ("D-02", "block", "funders")),
        ({"margin_bps": 900}, ("J-margin", "gate", "rate_bps")),
    ],
)  # fmt: skip
def test_each_rule_names_the_field_that_breaks_it(
    changes: dict[str, object], expected: tuple[str, str, str]
) -> None:
    assert found(**changes) == [expected]


def test_exactly_the_cap_is_allowed_and_a_rate_is_never_only_cut() -> None:
    assert found(rate_bps=3_000, worst_share_bps=3_000) == []
    assert found(rate_bps=3_001, worst_share_bps=3_001, is_cut=True) == [("D-06", "block", "rate_bps")]


def test_what_forbids_stands_before_what_warns() -> None:
    severities = [s for _, s, _ in found(margin_bps=1, depth=2, name="禁止拉人头")]
    assert severities == ["block", "gate", "warn"]


@given(st.text(max_size=30))
def test_only_the_closed_list_qualifies(condition: str) -> None:
    assert (guard.qualification([condition]) == []) == (condition in guard.QUALIFICATIONS)


def test_nothing_about_money_or_heads_is_on_the_closed_list() -> None:
    assert not {
        name for name in guard.QUALIFICATIONS if "paid" in name or "recruit" in name or "team" in name
    }


@pytest.mark.parametrize(
    ("years", "consent", "refused"),
    [(15, True, True), (15, False, True), (16, False, True), (16, True, False), (17, False, True), (18, False, False)],
)  # fmt: skip
def test_nobody_under_sixteen_and_none_under_eighteen_without_consent(
    years: int, consent: bool, refused: bool
) -> None:
    findings = guard.age(years, has_consent=consent)
    assert [finding.rule for finding in findings] == (["D-12"] if refused else [])


def test_the_refusal_names_rule_field_and_fix_in_both_languages() -> None:
    with pytest.raises(guard.Refused) as refused:
        guard.refuse_blocked(guard.words("拉人头奖励", "title"))

    problem = refused.value
    assert (problem.status, problem.field, problem.facts["rule"]) == (409, "title", "D-10")


def test_every_rule_of_the_book_has_its_own_number_and_says_where_it_holds() -> None:
    numbers = [rule.id for rule in guard.RULES]
    assert len(numbers) == len(set(numbers))
    assert {f"D-{n:02d}" for n in range(1, 13)} <= set(numbers)
    assert all(rule.holds and rule.source for rule in guard.RULES)
    assert guard.rule_of("D-03") is not None
    assert guard.rule_of("J-margin") is None

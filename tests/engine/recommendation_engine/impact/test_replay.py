"""A replay keeps its promises: nothing changes where nothing differs, and what is hidden hits nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.dataset import Dataset
from engine.errors import InvalidInput
from engine.estimators.recommender.estimator import RecommenderEstimator
from engine.recommendation_engine.impact.measures import Outcome, measures, moved
from engine.recommendation_engine.impact.replay import Rehearsal, ranked, rehearse
from engine.recommendation_engine.impact.report import Question, report
from engine.recommendation_engine.impact.schema import ImpactReport
from engine.recommendation_engine.plan import Draft, Exploration, Plan, Rule, RuleKind
from tests.engine.estimators.shops import CATEGORIES, Silent, dataset_of, small_shop

NOW = datetime(2026, 8, 1, tzinfo=UTC)
NOTHING = Draft()


def rule(kind: RuleKind, **more: Any) -> Rule:
    return Rule(rule_id=f"r-{kind}", kind=kind, **more)


def drafts() -> st.SearchStrategy[Draft]:
    category = st.sampled_from(CATEGORIES)
    rules = st.one_of(
        category.map(lambda name: rule(RuleKind.HIDE, where={"category": name})),
        st.tuples(category, st.floats(0, 500)).map(
            lambda pair: rule(RuleKind.BOOST, where={"category": pair[0]}, strength=pair[1])
        ),
        st.floats(0, 5).map(lambda weight: rule(RuleKind.STOCK, strength=weight)),
        st.integers(1, 60).map(lambda number: rule(RuleKind.PIN, where={"item_id": f"i{number - 1:02d}"}, position=1)),
    )
    plans = st.builds(
        Plan,
        weights=st.dictionaries(st.sampled_from(["trending", "similar", "category"]), st.floats(0, 5), max_size=2),
        rules=st.lists(rules, max_size=1).map(tuple),
    )
    return st.builds(Draft, plan=plans, prices=st.dictionaries(st.just("i03"), st.floats(1, 99), max_size=1))


def outcomes(rehearsal: Rehearsal, *tried: Draft, most: int = 60) -> list[Outcome]:
    sessions = rehearsal.sessions[:most]
    lists = [ranked(rehearsal, sessions, draft, NOW, lambda _: None) for draft in tried]
    return [Outcome(rehearsal, sessions, found, draft.prices) for found, draft in zip(lists, tried, strict=True)]


def told(rehearsal: Rehearsal, draft: Draft, against: Draft = NOTHING) -> ImpactReport:
    question = Question("s", "s.recommender", "1.0.0", 1, 0, draft, against, 60, NOW)
    before, after = outcomes(rehearsal, against, draft)
    return report(question, before, after, None)


@given(drafts())
def test_the_same_draft_twice_differs_by_exactly_nothing(rehearsal: Rehearsal, draft: Draft) -> None:
    before, after = outcomes(rehearsal, draft, draft, most=15)
    for measure in measures(before, after):
        assert measure.before == measure.after, measure.name
        assert measure.difference.value == 0.0
        assert measure.difference.low in (0.0, None)
        assert measure.difference.high in (0.0, None)
    assert moved(before, after).high == 0.0


@given(drafts())
def test_figures_lie_where_they_can(rehearsal: Rehearsal, draft: Draft) -> None:
    before, after = outcomes(rehearsal, NOTHING, draft, most=15)
    spent = sum(bought.revenue or 0 for session in before.sessions for bought in session.bought)
    for measure in measures(before, after):
        for figure in (measure.before, measure.after):
            assert 0 <= figure.value <= (1 if measure.unit != "currency" else spent + 99), measure.name
            if figure.low is not None and figure.high is not None:
                assert figure.low - 1e-9 <= figure.value <= figure.high + 1e-9
        assert measure.difference.value == pytest.approx(measure.after.value - measure.before.value, abs=1e-12)
    assert (before.hit_rate() >= before.ndcg() - 1e-12).all()
    assert (before.margin() <= before.revenue() + 1e-12).all()


def test_hiding_everything_hits_nothing_and_leaves_every_list_empty(rehearsal: Rehearsal) -> None:
    hide = Plan(rules=tuple(rule(RuleKind.HIDE, where={"category": name}) for name in CATEGORIES[:1]))
    everything = Plan(
        rules=tuple(
            Rule(rule_id=f"h{at}", kind=RuleKind.HIDE, where={"category": name}) for at, name in enumerate(CATEGORIES)
        )
    )
    found = told(rehearsal, Draft(plan=everything))
    for name in ("hit_rate_at_10", "ndcg_at_10", "revenue", "margin", "coverage_at_10"):
        assert found.measure(name).after.value == 0.0
        assert found.measure(name).before.value > 0.0
    assert found.measure("zero_results").after.value == 1.0
    assert all(row.after == 0.0 for rows in found.exposure.values() for row in rows)
    part = told(rehearsal, Draft(plan=hide))
    assert next(row.after for row in part.exposure["category"] if row.value == CATEGORIES[0]) == 0.0
    assert part.measure("zero_results").after.value == 0.0


def test_hits_and_money_are_counted_by_hand(rehearsal: Rehearsal) -> None:
    before, _ = outcomes(rehearsal, NOTHING, NOTHING)
    names = rehearsal.recommender.model.item_ids
    for unit, session in enumerate(before.sessions):
        shown = {names[row] for row in before.lists[unit] if row >= 0}
        bought = [entry for entry in session.bought if entry.item_id in shown]
        assert before.hit_rate()[unit] == float(bool(bought))
        assert before.revenue()[unit] == pytest.approx(sum(entry.revenue or 0 for entry in bought))
        assert before.margin()[unit] == pytest.approx(sum(entry.margin or 0 for entry in bought))


def test_a_tried_price_changes_the_money_of_what_the_list_holds_and_nothing_else(rehearsal: Rehearsal) -> None:
    plain, _ = outcomes(rehearsal, NOTHING, NOTHING)
    dear = Outcome(rehearsal, plain.sessions, plain.lists, dict.fromkeys(rehearsal.recommender.model.item_ids, 30.0))
    np.testing.assert_allclose(dear.revenue(), plain.revenue() * 1.5)
    np.testing.assert_allclose(dear.margin(), plain.margin() + plain.revenue() * 0.5)
    assert (dear.hit_rate() == plain.hit_rate()).all()


def test_nothing_sold_out_at_the_cut_is_shown_and_what_ran_out_later_is_told(rehearsal: Rehearsal) -> None:
    (before,) = outcomes(rehearsal, NOTHING)
    cards = rehearsal.recommender.cards
    assert all(cards[row].in_stock is not False for row in before.lists[before.lists >= 0])
    found = told(rehearsal, NOTHING)
    assert found.measure("sold_out").before.value > 0
    assert found.measure("low_stock").before.value == 0.0


def test_the_model_of_a_replay_has_not_seen_what_it_is_judged_on(
    rehearsal: Rehearsal, served: RecommenderEstimator
) -> None:
    refitted = rehearsal.recommender.model
    assert rehearsal.cut is not None
    assert refitted.now <= rehearsal.cut.timestamp() / 86_400
    assert refitted.memory.history.sum() < served.model.memory.history.sum()
    assert refitted.blend.weights == {name: served.model.blend.weights[name] for name in refitted.blend.signals}


def test_lists_are_kept_for_the_next_question_as_long_as_the_same_rules_hold(rehearsal: Rehearsal) -> None:
    first, again = outcomes(rehearsal, NOTHING, NOTHING)
    assert first.lists is again.lists
    late = rule(RuleKind.HIDE, where={"category": CATEGORIES[0]}, starts=datetime(2027, 1, 1, tzinfo=UTC))
    draft, sessions = Draft(plan=Plan(rules=(late,))), rehearsal.sessions[:40]
    now = ranked(rehearsal, sessions, draft, NOW, lambda _: None)
    then = ranked(rehearsal, sessions, draft, datetime(2027, 2, 1, tzinfo=UTC), lambda _: None)
    assert (now == ranked(rehearsal, sessions, NOTHING, NOW, lambda _: None)).all()
    assert (now != then).any()
    assert len(rehearsal.kept) <= 8


def test_a_report_says_what_it_is_not(rehearsal: Rehearsal) -> None:
    late = rule(RuleKind.BOOST, where={"category": "coats"}, strength=50, starts=datetime(2027, 1, 1, tzinfo=UTC))
    plan = Plan(weights={"trending": 3.0}, rules=(late,), exploration=Exploration(share=0.1))
    found = told(rehearsal, Draft(plan=plan, prices={"unheard-of": 3.0}))
    about, warnings = " ".join(found.about), " ".join(found.warnings)
    assert "conservative" in about
    assert "Units do not respond to price" in about
    assert "favours them a little" in about
    assert "unheard-of" in warnings
    assert "by its schedule" in warnings
    assert "Exploration" in warnings
    assert "Only 60 sessions" in warnings
    assert ImpactReport.model_validate_json(found.model_dump_json()) == found


def test_a_draft_without_effect_is_told(rehearsal: Rehearsal) -> None:
    nowhere = Plan(rules=(rule(RuleKind.PIN, where={"item_id": ["unheard-of"]}, position=1),))
    assert "changes no list" in " ".join(told(rehearsal, Draft(plan=nowhere)).warnings)


def test_without_money_and_stock_their_figures_are_left_out(tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = small_shop()
    for table in list(rows):
        if str(table) in ("stock_levels", "variants"):
            del rows[table]
    dataset: Dataset = dataset_of(tmp_path_factory.mktemp("bare"), rows)
    plain = RecommenderEstimator.baseline()
    plain.fit(RecommenderEstimator.everything(dataset, plain.config), Silent())
    found = told(rehearse(plain, dataset, Silent()), NOTHING)
    names = [measure.name for measure in found.measures]
    assert names == ["hit_rate_at_10", "ndcg_at_10", "coverage_at_10", "zero_results"]
    assert set(found.exposure) == {"brand", "category"}


def test_a_shop_without_later_purchases_cannot_be_replayed(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    served: RecommenderEstimator,
    sold: Dataset,
) -> None:
    monkeypatch.setattr("engine.recommendation_engine.impact.held_out.after", lambda *_: [])
    with pytest.raises(InvalidInput, match="No held-out session"):
        rehearse(served, sold, Silent())

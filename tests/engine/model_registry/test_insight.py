"""Questions about a version, answered from a shop whose models real workers trained."""

from __future__ import annotations

import pytest

from engine.actor import Actor
from engine.core import Engine
from engine.errors import InvalidInput
from engine.model_registry import RegistryService
from engine.model_registry.insight import InsightService
from engine.model_registry.remarks import RemarkService
from engine.training import TrainingService
from tests.conftest import finished

MODEL = "demo.recommender"


@pytest.fixture
def challenged(demo: Engine, actor: Actor) -> Engine:
    """A second version beside the champion, on the same snapshot, of another recipe."""
    job = demo.call(
        TrainingService.submit, actor=actor, kind="recommender", shop="demo", config={"half_life_days": 60.0}
    )
    assert finished(demo, job.job_id).version == "1.1.0"
    return demo


def test_lineage_walks_from_the_import_to_the_release(challenged: Engine) -> None:
    graph = challenged.call(InsightService.lineage, model=MODEL, reference="1.0.0")
    path = {edge.source: edge.target for edge in graph.edges}
    node = next(node.id for node in graph.nodes if node.kind == "import")
    walked = [node.split(":")[0]]
    while node in path:
        node = path[node]
        walked.append(node.split(":")[0])
    assert walked == ["import", "snapshot", "job", "run", "version", "release"]
    assert {edge.source for edge in graph.edges} | {edge.target for edge in graph.edges} <= {n.id for n in graph.nodes}


def test_the_parent_is_the_champion_it_was_measured_against(challenged: Engine) -> None:
    graph = challenged.call(InsightService.lineage, model=MODEL, reference="1.1.0")
    assert (f"version:{MODEL}/1.0.0", f"version:{MODEL}/1.1.0") in {(e.source, e.target) for e in graph.edges}


def test_versions_of_one_snapshot_are_paired_on_the_same_shoppers(challenged: Engine) -> None:
    figures = challenged.call(InsightService.paired, model=MODEL, first="1.0.0", second="1.1.0")
    ndcg = next(figure for figure in figures if figure.metric == "ndcg_at_10")
    versions = [challenged.call(RegistryService.get_version, model=MODEL, reference=v) for v in ("1.0.0", "1.1.0")]
    assert [ndcg.first, ndcg.second] == pytest.approx([v.metrics["ndcg_at_10"] for v in versions], rel=1e-4)
    assert ndcg.low <= ndcg.difference <= ndcg.high
    turned = challenged.call(InsightService.paired, model=MODEL, first="1.1.0", second="1.0.0")
    assert next(f for f in turned if f.metric == "ndcg_at_10").difference == pytest.approx(-ndcg.difference)
    with pytest.raises(InvalidInput, match="named twice"):
        challenged.call(InsightService.paired, model=MODEL, first="1.0.0", second="champion")


def test_reigns_tell_what_was_in_production_when_and_why(challenged: Engine, actor: Actor) -> None:
    challenged.call(
        RegistryService.promote,
        actor=actor,
        model=MODEL,
        version="1.1.0",
        expected="1.0.0",
        reason="wanted fresh",
        overrule=True,
    )
    challenged.call(RegistryService.rollback, actor=actor, model=MODEL, expected="1.1.0", reason="sold less")
    reigns = challenged.call(InsightService.reigns, model=MODEL)
    assert [(r.version, r.action, r.reason) for r in reigns][:2] == [
        ("1.0.0", "rolled_back", "sold less"),
        ("1.1.0", "promoted", "wanted fresh"),
    ]
    assert reigns[0].until is None
    assert [earlier.until for earlier in reigns[1:]] == [later.since for later in reigns[:-1]]
    assert {reign.snapshot for reign in reigns} == {1}


def test_a_preview_says_what_a_promotion_would_serve(challenged: Engine, actor: Actor) -> None:
    change = challenged.call(InsightService.preview, model=MODEL, reference="1.1.0")
    assert (change.before, change.after, change.number) == ("1.0.0", "1.1.0", 2)
    challenged.call(
        RegistryService.promote,
        actor=actor,
        model=MODEL,
        version="1.1.0",
        expected="1.0.0",
        reason="as previewed",
        overrule=True,
    )
    after = challenged.call(InsightService.preview, model=MODEL, reference="1.0.0")
    assert (after.before, after.number) == ("1.1.0", 3)


def test_files_are_those_of_the_artifact(challenged: Engine) -> None:
    files = challenged.call(InsightService.files, model=MODEL, reference="champion")
    assert {"model.json", "config.json", "model.safetensors"} <= {file.name for file in files}
    for file in files:
        assert len(challenged.artifacts.read_blob(file.sha256)) == file.size


def test_comments_views_and_favourites_outlive_a_rebuild(challenged: Engine, actor: Actor) -> None:
    comment = challenged.call(
        RemarkService.comment, actor=actor, model=MODEL, reference="champion", text=" <b>good</b> "
    )
    challenged.call(RemarkService.save_view, actor=actor, name="fresh", state={"query": "metrics.ndcg_at_10 > 0"})
    challenged.call(RemarkService.save_view, actor=actor, name="fresh", state={"query": "stage = production"})
    version = challenged.call(RegistryService.get_version, model=MODEL, reference="champion")
    assert version.run_id is not None
    challenged.call(RemarkService.mark_run, actor=actor, run_id=version.run_id, favourite=True)
    before = challenged.store.state()
    challenged.store.rebuild(actor)
    assert challenged.store.state() == before
    assert challenged.call(RemarkService.comments, model=MODEL, version="1.0.0") == [comment]
    assert [view.state for view in challenged.call(RemarkService.views)] == [{"query": "stage = production"}]
    assert challenged.call(RemarkService.favourites) == [version.run_id]
    with pytest.raises(InvalidInput, match="0 characters"):
        challenged.call(RemarkService.comment, actor=actor, model=MODEL, reference="champion", text="  ")

"""Trainings from a terminal: presets, searches, recipes and repetitions."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.engine.test_cli import Skyy, skyy  # noqa: F401  # a fixture
from tests.faults.homes import MODEL, SHOP


def test_a_search_from_a_terminal_and_its_repetitions(shop_home: Path, tiny: str, skyy: Skyy, tmp_path: Path) -> None:  # noqa: F811
    words = ["train", tiny, "--shop", SHOP, "--preset", "quick", "--tune", 5, "--trials", 4, "--priority", 3, "--json"]
    code, out, err = skyy(*words)
    assert code == 0, err
    first = json.loads(out)
    assert (first["version"], first["preset"], first["priority"]) == ("1.0.0", "quick", 3)
    assert first["tuning"] == {"minutes": 5.0, "trials": 4}
    assert first["evaluation"]["metrics"]["absolute_error"]["value"] == first["metrics"]["absolute_error"]
    assert first["verdict"]["rival_evaluation"]["cost"]["size_mb"] > 0
    assert set(first["seconds"]) == {"tune", "fit", "evaluate", "rival", "refit"}

    code, out, _ = skyy("jobs", "--recipe", first["job_id"], "--json")
    recipe = tmp_path / "recipe.json"
    recipe.write_text(out)
    code, out, err = skyy("train", "--recipe", recipe, "--json")
    assert code == 0, err
    second = json.loads(out)
    assert (second["kind"], second["config"], second["tuning"]) == (tiny, first["config"], None)

    code, out, _ = skyy("jobs", "--recipe", first["job_id"])
    line = shlex.split(out)
    assert line[:2] == ["skyy", "train"]
    code, out, err = skyy(*line[1:], "--json")
    assert code == 0, err
    third = json.loads(out)

    code, out, err = skyy("jobs", "--rerun", first["job_id"], "--json")
    assert code == 0, err
    fourth = json.loads(out)
    assert fourth["rerun_of"] == first["job_id"]
    for other in (second, third, fourth):
        assert other["metrics"] == pytest.approx(first["metrics"], rel=0, abs=1e-6)
        assert other["config"] == first["config"]

    code, out, _ = skyy("jobs", "--show", first["job_id"], "--json")
    assert json.loads(out)["progress"]["stage"] == "Done"
    code, out, _ = skyy("jobs", "--show", first["job_id"])
    assert "is registered" in out
    assert "Done, 100% done" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train", "--shop", SHOP, "--trials", "3"], "Add --tune MINUTES"),
        (["train", "--shop", SHOP, "--tune", "0"], "0.1 to 600 minutes"),
        (["train", "--shop", SHOP, "--preset", "huge"], "quick, balanced, best"),
        (["train", "--shop", SHOP, "--config", "{nothing"], "They are JSON"),
        (["train", "--recipe", "/nonexistent.json"], "skyy jobs --recipe JOB --json"),
        (["jobs", "--rerun", "job-none"], "no job"),
        (["jobs", "--show", "job-none"], "no job"),
        (["jobs", "--recipe", "job-none"], "no job"),
        (["jobs", "--prioritise", "job-none", "--priority", "1"], "no job"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_asked_for_is_told(shop_home: Path, skyy: Skyy, words: list[str], told: str) -> None:  # noqa: F811
    code, _, err = skyy(*words)
    assert code == 1
    assert told in err


def test_a_file_that_is_no_recipe(shop_home: Path, skyy: Skyy, tmp_path: Path) -> None:  # noqa: F811
    for content in ("[]", '{"kind": "recommender"}', "nothing"):
        path = tmp_path / "recipe.json"
        path.write_text(content)
        code, _, err = skyy("train", "--recipe", path)
        assert (code, "cannot be read" in err) == (1, True)


def test_a_queued_job_is_moved(trained_home: Path, skyy: Skyy) -> None:  # noqa: F811
    code, out, _ = skyy("jobs", "--json")
    (done,) = json.loads(out)
    code, _, err = skyy("jobs", "--prioritise", done["job_id"], "--priority", 4)
    assert code == 1
    assert "Only queued jobs have a place to change" in err
    code, out, _ = skyy("jobs")
    assert MODEL in out

"""`skyy`: help for everything, JSON that parses, one sentence when something is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from engine.actor import Actor
from engine.cli import app, main
from engine.core import Engine, set_current_engine
from engine.model_registry import RegistryService
from engine.settings import Settings
from engine.store import socket
from tests.faults import processes
from tests.faults.homes import MODEL, SHOP, _shop_home, _trained_home, trained_home  # noqa: F401  # fixtures
from tests.faults.processes import until

Skyy = Callable[..., tuple[int, str, str]]


def commands() -> dict[str, Any]:
    """Every command of the tree by the words that reach it."""

    def walk(command: Any, words: str) -> Iterator[tuple[str, Any]]:
        children = getattr(command, "commands", {})
        yield words.strip(), command
        for name, child in children.items():
            yield from walk(child, f"{words} {name}")

    return dict(walk(typer.main.get_command(app), ""))


LEAVES = {words: command for words, command in commands().items() if not hasattr(command, "commands")}


@pytest.fixture
def skyy(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Skyy]:
    """Run a command in this process: its exit code, output and error output."""

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["skyy", *map(str, words)])
        set_current_engine(None)
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    yield call
    set_current_engine(None)


def outside(home: Path, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "engine.cli", *words]
    environment = processes.environment(**{"SKYY_HOME": str(home), **extra})
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def headless(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A running `skyy up --headless`."""
    with subprocess.Popen(
        [sys.executable, "-m", "engine.cli", "up", "--headless"],
        env=processes.environment(SKYY_HOME=str(home)),
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            until(lambda: home.exists() and socket.answers(home))
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("words", commands().keys(), ids=lambda words: words or "skyy")
def test_everything_has_help(words: str, skyy: Skyy) -> None:
    command = commands()[words]
    assert (command.help or "").strip().endswith((".", "…")), f"'{words}' does not say what it does"
    code, out, _ = skyy(*words.split(), "--help")
    assert code == 0
    assert "Usage" in out


@pytest.mark.parametrize("words", LEAVES.keys())
def test_every_command_answers_in_json_when_asked(words: str) -> None:
    assert "--json" in {option for parameter in LEAVES[words].params for option in parameter.opts}


def test_lists_on_an_empty_store_say_what_to_do(skyy: Skyy) -> None:
    for words in (["data", "list"], ["models", "list"], ["jobs"]):
        code, out, _ = skyy(*words)
        assert (code, "Run 'skyy" in out) == (0, True), words
        code, out, _ = skyy(*words, "--json")
        assert (code, json.loads(out)) == (0, [])


@pytest.mark.parametrize(
    "words",
    [
        ["models", "show", "nothing"],
        ["models", "promote", "nothing", "1.0.0"],
        ["models", "rollback", "nothing", "--reason", "x"],
        ["models", "compare", "nothing", "1.0.0", "2.0.0"],
        ["data", "import", "/nonexistent.csv", "--shop", "s"],
        ["data", "import", "/nonexistent.csv", "--shop", "../s"],
        ["data", "check", "/nonexistent.csv"],
        ["data", "quarantine", "99"],
        ["train"],
        ["train", "oracle", "--shop", "nowhere"],
        ["train", "--shop", "x", "--config", "/nonexistent.json"],
        ["jobs", "--cancel", "job-none"],
        ["recommend", "--context", "not json"],
        ["recommend", "--context", "[]"],
        ["recommend"],
        ["release", "--shop", "nowhere"],
        ["restore", "/nonexistent.tar"],
    ],
    ids=" ".join,
)
def test_what_is_wrong_is_one_sentence_and_code_one(skyy: Skyy, words: list[str]) -> None:
    code, out, err = skyy(*words)
    assert code == 1
    assert err.strip()
    assert "Traceback" not in err + out
    assert len(err.strip().splitlines()) <= 2
    code, out, _ = skyy(*words, "--json")
    assert code == 1
    error = json.loads(out)["error"]
    assert {"type", "found", "expected", "hint"} <= set(error)


@pytest.mark.parametrize(
    ("words", "extra", "said"),
    [
        (["up"], {"SKYY_HOST": "0.0.0.0"}, "SKYY_HOST is '0.0.0.0'"),
        (["serve"], {"SKYY_HOST": "192.168.1.5"}, "other machines"),
        (["up", "--headless"], {"SKYY_HOST": "::"}, "other machines"),
        (["models", "list"], {"SKYY_PORT": "many"}, "SKYY_PORT is 'many'"),
        (["models", "list"], {"SKYY_DEVICE": "tpu"}, "SKYY_DEVICE"),
        (["models", "list"], {"SKYY_HOME": "/proc/nothing/here"}, "SKYY_HOME"),
        (["models", "list"], {"SKYY_HOME": "/dev/null"}, "SKYY_HOME"),
    ],
)
def test_settings_that_cannot_be_right(tmp_path: Path, words: list[str], extra: dict[str, str], said: str) -> None:
    done = outside(tmp_path / "home", *words, **extra)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_models_from_list_to_roll_back(skyy: Skyy, home: Path) -> None:
    with Engine.open(Settings.at(home)) as engine:
        artifact = engine.artifacts.put({"config.json": b"{}"})
        for metric in (0.1, 0.2):
            engine.call(
                RegistryService.register_version,
                actor=Actor("tester"),
                model="m",
                version=None,
                framework="x",
                metrics={"ndcg": metric},
                artifact=artifact,
                params={"depth": metric},
            )
    code, out, _ = skyy("models", "list", "--json")
    assert (code, [row["version"] for row in json.loads(out)]) == (0, ["1.1.0", "1.0.0"])
    code, _, err = skyy("models", "promote", "m", "1.0.0")
    assert (code, "did not pass the gate" in err) == (1, True)
    for version in ("1.0.0", "1.1.0"):
        code, out, _ = skyy("models", "promote", "m", version, "--overrule", "--reason", "the buyer insists", "--json")
        assert (code, json.loads(out)["version"]) == (0, version)
    code, out, _ = skyy("models", "rollback", "m", "--reason", "worse", "--json")
    assert (code, json.loads(out)["version"]) == (0, "1.0.0")
    code, out, _ = skyy("models", "show", "m", "champion")
    assert (code, "rolled back m 1.1.0 -> 1.0.0: worse" in out) == (0, True)
    code, out, _ = skyy("models", "compare", "m", "1.0.0", "1.1.0", "--json")
    assert json.loads(out)["params"] == {"depth": {"1.0.0": 0.1, "1.1.0": 0.2}}


def test_a_file_from_import_to_list(skyy: Skyy, tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("item_id,title,price\nA,Dress,10\nB,Skirt,-1\n")
    code, out, _ = skyy("data", "check", path, "--json")
    assert code == 0
    assert json.loads(out)["importer"]
    code, out, err = skyy("data", "import", path, "--shop", "s", "--json")
    assert code == 0, err
    assert json.loads(out)["snapshot"] == 1
    code, out, _ = skyy("data", "list", "--json")
    assert [row["shop"] for row in json.loads(out)] == ["s"]
    code, out, _ = skyy("data", "quarantine", 1, "--json")
    assert (code, len(json.loads(out))) == (0, 1)


def test_a_trained_shop_recommends_and_trains(trained_home: Path, skyy: Skyy) -> None:  # noqa: F811
    code, out, err = skyy("recommend", "--user", f"p_{1:020x}", "--limit", 3, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert (found["model"], len(found["items"])) == (MODEL, 3)
    code, out, _ = skyy("release", "--json")
    assert (code, json.loads(out)["number"]) == (0, 2)
    code, out, err = skyy("train", "--shop", SHOP, "--json")
    assert code == 0, err
    assert json.loads(out)["version"] == "1.1.0"
    code, out, _ = skyy("jobs", "--json")
    assert [row["state"] for row in json.loads(out)] == ["succeeded", "succeeded"]


def test_plans_events_and_lists_from_a_terminal(trained_home: Path, skyy: Skyy, tmp_path: Path) -> None:  # noqa: F811
    plan = tmp_path / "plan.json"
    rule = {"rule_id": "off", "kind": "hide", "where": {"item_id": "i01"}}
    plan.write_text(json.dumps({"rules": [rule, {**rule, "rule_id": "none", "where": {"item_id": "gone"}}]}))
    code, out, err = skyy("plans", "check", plan, "--json")
    assert (code, json.loads(out)[0]["rules"]) == (0, ["none"]), err
    code, out, err = skyy("plans", "publish", plan, "--reason", "recalled", "--expected", 0, "--json")
    assert (code, json.loads(out)["number"]) == (0, 1), err
    assert skyy("plans", "publish", plan, "--reason", "late", "--expected", 0)[0] == 1
    assert "hide, off" in skyy("plans", "show")[1]
    assert "recalled" in skyy("plans", "history")[1]
    code, out, err = skyy("observe", "i02", "cart", "--session", "s", "--json")
    assert (code, json.loads(out)["events"]) == (0, 1), err
    code, out, _ = skyy("recommend", "--session", "s", "--limit", 60, "--json")
    found = json.loads(out)
    assert not found["cold_start"]
    assert not {"i01", "i02"} & {item["item_id"] for item in found["items"]}
    code, out, err = skyy("batch", "recommend", "--output", tmp_path / "lists.parquet", "--limit", 2, "--json")
    assert (code, json.loads(out)["plan"]) == (0, 1), err
    assert (tmp_path / "lists.parquet").is_file()
    code, out, _ = skyy("plans", "undo", "--reason", "found", "--json")
    assert (code, json.loads(out)["undoes"]) == (0, 1)
    plan.write_text('{"rules": [{"rule_id": "x", "kind": "cap"}]}')
    code, _, err = skyy("plans", "check", plan)
    assert (code, "cap rule needs" in err) == (1, True)


def test_backup_and_restore(skyy: Skyy, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Engine.open(Settings.at(home)) as engine:
        engine.call(RegistryService.create_model, actor=Actor("tester"), model="m", kind="custom")
    saved = tmp_path / "b.tar"
    code, out, err = skyy("backup", saved, "--json")
    assert (code, json.loads(out)["head"]) == (0, 1), err
    code, _, err = skyy("restore", saved)
    assert (code, "--replace" in err) == (1, True)
    code, out, _ = skyy("restore", saved, "--replace", "--json")
    assert (code, json.loads(out)["head"]) == (0, 1)
    monkeypatch.setenv("SKYY_HOME", str(tmp_path / "elsewhere"))
    assert skyy("restore", saved)[0] == 0
    code, out, _ = skyy("models", "list", "--json")
    assert (code, json.loads(out)) == (0, [])


def test_commands_reach_a_running_owner(
    headless: subprocess.Popen[bytes], skyy: Skyy, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "products.csv"
    path.write_text("item_id,title\nA,Dress\n")
    code, out, err = skyy("data", "import", path, "--shop", "s", "--json")
    assert code == 0, err
    code, out, _ = skyy("data", "list", "--json")
    assert [row["shop"] for row in json.loads(out)] == ["s"]
    code, out, _ = skyy("backup", tmp_path / "b.tar", "--json")
    assert code == 0
    for words in (["up"], ["up", "--headless"]):
        code, _, err = skyy(*words)
        assert (code, "already holds" in err) == (1, True)
    code, _, err = skyy("restore", tmp_path / "b.tar", "--replace")
    assert (code, str(headless.pid) in err) == (1, True)
    code, _, err = skyy("doctor", "--repair")
    assert (code, str(headless.pid) in err) == (1, True)
    headless.send_signal(signal.SIGTERM)
    assert headless.wait(timeout=30) == 0
    assert not (home / "owner.endpoint").exists()
    code, out, _ = skyy("data", "list", "--json")
    assert (code, len(json.loads(out))) == (0, 1)


def test_a_damaged_store_is_told_and_mended(skyy: Skyy, home: Path) -> None:
    script = (
        "import os, sys, signal; from engine.core import Engine; from engine.actor import Actor;"
        "from engine.model_registry.service import RegistryService as R; e = Engine.open();"
        "[e.call(R.create_model, actor=Actor('t'), model=f'm{i}', kind='x') for i in range(4)];"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert processes.run(script, SKYY_HOME=str(home)).returncode == -signal.SIGKILL
    log = home / "skyy.duckdb.wal"
    os.truncate(log, log.stat().st_size - 10)
    for words in (["models", "list"], ["doctor"]):
        code, _, err = skyy(*words)
        assert (code, "doctor --repair" in err) == (1, True)
    code, out, err = skyy("doctor", "--repair", "--json")
    assert (code, "4 events" in json.loads(out)["repaired"]) == (0, True), err
    with Engine.open(Settings.at(home)) as engine:
        assert len(engine.call(RegistryService.list_models)) == 4


def test_any_model_can_be_asked(trained_home: Path, skyy: Skyy, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv("SKYY_HOME", str(trained_home))
    code, out, _ = skyy("predict", MODEL, "--sample")
    sample = json.loads(out)
    assert code == 0
    inputs = trained_home / "inputs.json"
    for text in (json.dumps([sample, sample]), f"{json.dumps(sample)}\n\n{json.dumps(sample)}\n"):
        inputs.write_text(text)
        code, out, _ = skyy("predict", MODEL, "--file", inputs, "--row", '{"limit": 2}', "--json")
        told = json.loads(out)
        assert code == 0
        assert [len(each["items"]) for each in told["answers"]] == [2, sample["limit"], sample["limit"]]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "No input was given"),
        (("--row", "[1]"), "An input is an object"),
        (("--row", "{"), "not JSON"),
        (("--file", "nowhere.json"), "cannot be read"),
    ],
)
def test_what_is_no_input_is_told(
    trained_home: Path,  # noqa: F811
    skyy: Skyy,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.setenv("SKYY_HOME", str(trained_home))
    code, _, error = skyy("predict", MODEL, *words)
    assert code == 1
    assert told in error

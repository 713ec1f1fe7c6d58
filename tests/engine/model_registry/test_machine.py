"""Any order of acts keeps the registry's promises, held against a small model of it."""

from __future__ import annotations

import shutil
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.actor import Actor
from engine.core import Engine
from engine.errors import GateRefused, InvalidTransition, NoArtifact, StaleExpectation
from engine.model_registry import RegistryService, Stage
from engine.settings import Settings
from tests.conftest import rounds

MODEL = "shop.model"
ACTOR = Actor("tester")


class Registry(RuleBasedStateMachine):
    """`reigns` are (version, how it came); `stages`, `artifacts` and `aliases` are what should be."""

    @initialize()
    def begin(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="machine-"))
        self.engine = Engine.open(Settings.at(self.home))
        self.registry = self.engine.service(RegistryService)
        self.artifact = self.engine.artifacts.put({"config.json": b"{}"})
        self.registry.create_model(actor=ACTOR, model=MODEL, kind="custom")
        self.stages: dict[str, Stage] = {}
        self.artifacts: dict[str, bool] = {}
        self.passed: set[tuple[str, str | None]] = set()
        self.aliases: dict[str, str] = {}
        self.reigns: list[tuple[str, str, str | None]] = []
        self.moves = 0

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.close()
            shutil.rmtree(self.home)

    @property
    def champion(self) -> str | None:
        return self.reigns[-1][0] if self.reigns else None

    @rule(whole=st.booleans(), bump=st.sampled_from(["major", "minor", "patch"]))
    def register(self, whole: bool, bump: str) -> None:
        info = self.registry.register_version(
            actor=ACTOR,
            model=MODEL,
            version=None,
            framework="x",
            metrics={},
            artifact=self.artifact if whole else None,
            bump=bump,  # type: ignore[arg-type]  # one of the three
        )
        assert info.version not in self.stages
        self.stages[info.version] = Stage.CANDIDATE
        self.artifacts[info.version] = whole

    @precondition(lambda self: self.stages)
    @rule(data=st.data(), passed=st.booleans())
    def judge(self, data: st.DataObject, passed: bool) -> None:
        version = data.draw(st.sampled_from(sorted(self.stages)))
        verdict = {"passed": passed, "reasons": ["because"]}
        self.registry.record_verdict(actor=ACTOR, model=MODEL, version=version, against=self.champion, verdict=verdict)
        key = (version, self.champion)
        (self.passed.add if passed else self.passed.discard)(key)

    @precondition(lambda self: self.stages)
    @rule(data=st.data(), overrule=st.booleans(), stale=st.booleans())
    def promote(self, data: st.DataObject, overrule: bool, stale: bool) -> None:
        version = data.draw(st.sampled_from(sorted(self.stages)))
        refusal: type[Exception] | None = None
        if not self.artifacts[version]:
            refusal = NoArtifact
        elif stale:
            refusal = StaleExpectation
        elif version == self.champion:
            refusal = InvalidTransition
        elif not overrule and (version, self.champion) not in self.passed:
            refusal = GateRefused

        def act() -> None:
            self.registry.promote(
                actor=ACTOR,
                model=MODEL,
                version=version,
                expected="9.9.9" if stale else self.champion,
                reason="r",
                overrule=overrule,
            )

        if refusal is not None:
            with pytest.raises(refusal):
                act()
            return
        act()
        self._reign(version, "promoted")

    @precondition(lambda self: self.reigns)
    @rule(data=st.data(), explicit=st.booleans())
    def rollback(self, data: st.DataObject, explicit: bool) -> None:
        to = data.draw(st.sampled_from(sorted(self.stages))) if explicit else None
        target = self._earlier() if to is None else (to if to in self._reigned() else None)

        def act() -> str | None:
            return self.registry.rollback(actor=ACTOR, model=MODEL, expected=self.champion, reason="r", to=to).version

        if target is None:
            with pytest.raises(InvalidTransition):
                act()
            return
        assert act() == target
        self._reign(target, "rolled_back")

    @precondition(lambda self: self.stages)
    @rule(data=st.data(), alias=st.sampled_from(["challenger", "stable"]), away=st.booleans())
    def set_alias(self, data: st.DataObject, alias: str, away: bool) -> None:
        version = None if away else data.draw(st.sampled_from(sorted(self.stages)))
        self.registry.set_alias(
            actor=ACTOR, model=MODEL, alias=alias, version=version, expected=self.aliases.get(alias)
        )
        if version is None:
            self.aliases.pop(alias, None)
        else:
            self.aliases[alias] = version
        self.moves += 1

    @precondition(lambda self: self.stages)
    @rule(data=st.data(), stage=st.sampled_from(list(Stage)))
    def set_stage(self, data: st.DataObject, stage: Stage) -> None:
        version = data.draw(st.sampled_from(sorted(self.stages)))
        if Stage.PRODUCTION in (stage, self.stages[version]):
            with pytest.raises(InvalidTransition):
                self.registry.set_stage(actor=ACTOR, model=MODEL, reference=version, stage=stage)
            return
        self.registry.set_stage(actor=ACTOR, model=MODEL, reference=version, stage=stage)
        self.stages[version] = stage

    @rule()
    def reopen(self) -> None:
        self.engine.close()
        self.engine = Engine.open(Settings.at(self.home))
        self.registry = self.engine.service(RegistryService)

    @invariant()
    def the_registry_is_as_it_should_be(self) -> None:
        if not hasattr(self, "engine"):
            return
        versions = self.registry.list_versions(model=MODEL)
        assert {info.version: info.stage for info in versions} == self.stages
        production = [info.version for info in versions if info.stage == Stage.PRODUCTION]
        assert production == ([self.champion] if self.champion else [])
        aliases = self.registry.get_model(model=MODEL).aliases
        assert aliases == {**self.aliases, **({"champion": self.champion} if self.champion else {})}
        history = list(reversed(self.registry.history(model=MODEL, alias="champion")))
        assert [(move.version, move.action, move.previous) for move in history] == self.reigns
        assert all(b.previous == a.version for a, b in pairwise(history))
        assert len(self.registry.history(model=MODEL)) == len(self.reigns) + self.moves

    @rule()
    def replay(self) -> None:
        before = self.engine.store.state()
        self.engine.store.rebuild(ACTOR)
        assert self.engine.store.state() == before
        self.engine.store.verify()

    def _reign(self, version: str, how: str) -> None:
        if self.champion is not None:
            self.stages[self.champion] = Stage.ARCHIVED
        self.stages[version] = Stage.PRODUCTION
        self.reigns.append((version, how, self.champion))

    def _reigned(self) -> set[str]:
        return {version for version, _, _ in self.reigns} - {str(self.champion)}

    def _earlier(self) -> str | None:
        """Newest first: who reigned right before the present champion, and was not rolled back since its promotion."""
        for version, _, before in reversed(self.reigns):
            if version == self.champion and before is not None and not self._disgraced(before):
                return before
        return None

    def _disgraced(self, version: str) -> bool:
        lost = [i for i, (_, how, before) in enumerate(self.reigns) if how == "rolled_back" and before == version]
        won = [i for i, (winner, how, _) in enumerate(self.reigns) if winner == version]
        won = [i for i in won if self.reigns[i][1] == "promoted"]
        return bool(lost) and lost[-1] > max(won, default=-1)


TestRegistry = pytest.mark.rounds(Registry.TestCase)
TestRegistry.settings = settings(max_examples=rounds(8, 60), stateful_step_count=25)

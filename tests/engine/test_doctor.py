"""The doctor says what works, and how to mend what does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import doctor
from engine.core import Engine
from engine.doctor import Check, DoctorService, examine
from engine.model_registry import RegistryService
from engine.settings import Settings
from tests.faults.homes import MODEL, SHOP, _shop_home, _trained_home, trained_home  # noqa: F401  # fixtures


@pytest.fixture
def trained(trained_home: Path) -> Iterator[Engine]:  # noqa: F811
    with Engine.open(Settings.at(trained_home)) as engine:
        yield engine


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_a_sound_shop(trained: Engine) -> None:
    checks = by_name(examine(trained))
    assert {name for name, check in checks.items() if not check.ok} == set()
    assert {"Python", "Packages", "GPU", "Disk", "Store", "Data", "Models"} <= set(checks)
    assert SHOP in checks["Data"].detail
    assert "agree" in checks["Store"].detail


def test_an_empty_store_says_what_to_do(engine: Engine) -> None:
    checks = by_name(examine(engine))
    assert not checks["Data"].ok
    assert "skyy demo" in checks["Data"].hint
    assert checks["Store"].ok


def test_a_damaged_model_is_named(trained: Engine) -> None:
    info = trained.call(RegistryService.get_version, model=MODEL)
    assert info.artifact is not None
    entry = trained.artifacts.open(info.artifact).entries["config.json"]
    path = trained.artifacts.path(entry.sha256)
    path.unlink()
    check = by_name(examine(trained))["Models"]
    assert not check.ok
    assert f"{MODEL} 1.0.0" in check.detail
    assert check.hint


def test_a_broken_chain_is_told(trained: Engine) -> None:
    trained.store._connection.execute("UPDATE events SET subject = 'other' WHERE seq = 1")
    check = by_name(examine(trained))["Store"]
    assert not check.ok
    assert "does not match" in check.detail
    assert check.hint


def test_what_the_machine_lacks_comes_with_a_hint(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_PACKAGES", (*doctor._PACKAGES, "no_such_package"))
    monkeypatch.setattr(doctor, "_ENOUGH_DISK_GB", 1e9)
    checks = by_name(examine(engine))
    for name in ("Packages", "Disk"):
        assert not checks[name].ok
        assert checks[name].hint
    assert "no_such_package" in checks["Packages"].detail


def test_through_the_door_it_tells_of_the_owner(engine: Engine) -> None:
    with Engine.open(engine.settings) as caller:
        assert by_name(examine(caller))["Store"].ok
        assert caller.call(DoctorService.hub).device in ("cpu", "cuda")

"""The key ring: pseudonyms that follow from a secret, and are gone with it."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backup import BackupService, restore
from engine.catalog.key_ring import KeyRing
from engine.catalog.pseudonyms import is_pseudonym
from engine.catalog.schema import Table
from engine.catalog.service import CatalogService
from engine.core import Engine
from engine.errors import InvalidInput, InvalidName
from engine.settings import Settings
from tests.engine.catalog.conftest import ACTOR, Door


def filled(keys: Path, *ids: str, shop: str = "shop") -> KeyRing:
    ring = KeyRing(keys, shop)
    draft = ring.draft()
    for shopper in ids:
        draft.pseudonym(shopper)
    draft.save()
    return ring


@given(
    ids=st.sets(st.text(min_size=1, max_size=12).filter(lambda text: text.strip() == text and text), max_size=30),
    gone=st.integers(0, 30),
)
def test_what_was_drafted_is_found_until_it_is_removed(
    tmp_path_factory: pytest.TempPathFactory, ids: set[str], gone: int
) -> None:
    keys = tmp_path_factory.mktemp("keys")
    ring = filled(keys, *ids)
    names = {shopper: ring.pseudonym(shopper) for shopper in ids}
    assert len(set(names.values())) == len(ids)
    assert all(is_pseudonym(name) for name in names.values())
    draft = ring.draft()
    assert {shopper: draft.pseudonym(shopper) for shopper in ids} == names
    leaving = set(sorted(ids)[:gone])
    ring.remove({mark for shopper in leaving for mark in ring.marks(names[shopper])})
    for shopper, name in names.items():
        assert (KeyRing(keys, "shop").pseudonym(shopper) == name) == (shopper not in leaving)


def test_every_draw_is_another(tmp_path: Path) -> None:
    one, two = (filled(tmp_path / folder, "jane").pseudonym("jane") for folder in ("a", "b"))
    assert one != two
    assert filled(tmp_path / "a", "jane", shop="other").pseudonym("jane") != one


def test_a_replica_needs_the_folder_of_keys_alone(tmp_path: Path) -> None:
    ring = filled(tmp_path / "keys", *(f"s{n}" for n in range(200)))
    replica = KeyRing(shutil.copytree(tmp_path / "keys", tmp_path / "replica"), "shop")
    assert [replica.pseudonym(f"s{n}") for n in range(200)] == [ring.pseudonym(f"s{n}") for n in range(200)]
    assert KeyRing(tmp_path / "nothing", "shop").pseudonym("s1") == "s1"
    assert not (tmp_path / "nothing").exists()


def test_a_swap_by_another_process_is_seen(tmp_path: Path) -> None:
    reader, writer = KeyRing(tmp_path, "shop"), filled(tmp_path, "jane")
    name = writer.pseudonym("jane")
    assert reader.pseudonym("jane") == name
    writer.remove(writer.marks("jane"))
    assert reader.pseudonym("jane") != name


def test_the_file_is_private_and_whole_or_refused(tmp_path: Path) -> None:
    ring = filled(tmp_path, "jane", "john")
    path = tmp_path / "shoppers" / "shop.ring"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"jane" not in path.read_bytes()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InvalidInput, match="key ring"):
        ring.pseudonym("jane")
    with pytest.raises(InvalidName):
        KeyRing(tmp_path, "../elsewhere")


def test_a_restored_store_knows_its_shoppers(
    door: Door, engine: Engine, catalog: CatalogService, tmp_path: Path
) -> None:
    door({Table.SHOPPERS: [{"shopper": "jane", "age": 30}]})
    name = catalog.pseudonym("shop", "jane")
    engine.call(BackupService.create, actor=ACTOR, path=tmp_path / "backup.tar")
    settings = Settings.at(tmp_path / "restored")
    restore(settings, tmp_path / "backup.tar")
    with Engine.open(settings) as again:
        assert again.service(CatalogService).pseudonym("shop", "jane") == name

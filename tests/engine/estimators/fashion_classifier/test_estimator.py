"""The kind from data to answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog.dataset import Dataset
from engine.errors import CorruptArtifact, InvalidInput
from engine.estimators.fashion_classifier.config import FashionClassifierConfig
from engine.estimators.fashion_classifier.data import read
from engine.estimators.fashion_classifier.estimator import FashionClassifier
from tests.engine.estimators.fashion_classifier.shops import shop
from tests.engine.estimators.shops import Silent

ASKED = [{"title": "gown midi", "description": "soft red", "brand": "Vela"}, {}]


def config(**changes: Any) -> FashionClassifierConfig:
    return FashionClassifierConfig(**{"fewest_rows": 8, **changes})


def trained(dataset: Dataset, **changes: Any) -> FashionClassifier:
    found = FashionClassifier(config(**changes))
    found.fit(FashionClassifier.everything(dataset, found.config), Silent())
    return found


@pytest.mark.parametrize("head", ["linear", "lightgbm", "baseline"])
def test_a_head_learns_and_survives_its_files(tmp_path: Path, head: str) -> None:
    dataset = shop(tmp_path)
    settings = config(head=head, rounds=10)
    holdout = FashionClassifier.holdout(dataset, settings)
    model = FashionClassifier(settings)
    model.fit(holdout.train, Silent())
    scores = model.evaluate(holdout, Silent())
    assert scores.evaluation.headline["macro_f1"] > 0.9
    assert {"ece", "coverage", "answered_precision", "log_loss"} <= set(scores.evaluation.headline)
    again = FashionClassifier.load(model.save())
    for mine, theirs in zip(model.predict(ASKED), again.predict(ASKED), strict=True):
        assert mine["label"] == theirs["label"]
        assert mine["probability"] == pytest.approx(theirs["probability"], abs=1e-5)
    assert again.predict([again.sample()])[0]["label"] in model.model.classes


def test_an_answer_says_why(tmp_path: Path) -> None:
    answer = trained(shop(tmp_path)).predict(ASKED)[0]
    assert answer["label"] == "dresses"
    assert set(answer["because"]) & {"gown", "midi", "gown midi"}
    assert sum([answer["probability"], *(other["probability"] for other in answer["alternatives"])]) == pytest.approx(1)


def test_what_is_unlike_everything_is_left_to_a_person(tmp_path: Path) -> None:
    model = trained(shop(tmp_path), abstain_below=0.9, columns=False)
    assert [answer["abstained"] for answer in model.predict(ASKED)] == [False, True]


def test_a_column_that_spells_the_label_is_left_out_and_told(tmp_path: Path) -> None:
    outlook = FashionClassifier.outlook(shop(tmp_path), config())
    assert outlook.left_out == {"spelled": "It spells the label."}
    assert "category" not in outlook.columns


def test_no_garment_is_on_both_sides(tmp_path: Path) -> None:
    holdout = FashionClassifier.holdout(shop(tmp_path), config())
    assert not set(holdout.train.group) & set(holdout.test.group)


def test_pictures_help_only_where_there_are_some(tmp_path: Path) -> None:
    dataset = shop(tmp_path, products=360, pictures=True, title="thing", description="same words")
    with_photo = trained(dataset, columns=False, words=True)
    assert with_photo.model.shown[-1] > 0
    assert with_photo.model.plain[-1] == 0
    photo = np.zeros(1280)
    photo[0] = 1.0
    assert with_photo.predict([{"title": "thing", "photo": photo.tolist()}])[0]["label"] == "dresses"


def test_an_attribute_can_be_told(tmp_path: Path) -> None:
    model = trained(shop(tmp_path), target="spelled")
    assert model.model.classes == ("COATS", "DRESSES", "SHIRTS")


def test_the_same_recipe_measures_the_same(tmp_path: Path) -> None:
    dataset = shop(tmp_path)
    first, second = (trained(dataset).predict(ASKED)[0]["probability"] for _ in range(2))
    assert first == pytest.approx(second, abs=1e-9)


def test_corrections_are_learned(tmp_path: Path) -> None:
    dataset = shop(tmp_path)
    dataset.labels = {"category": {"i000": "coats", "gone": "coats"}}
    rows = read(dataset, config())
    assert rows.given[0] == "coats"
    assert rows.story["corrected"] == 1


@pytest.mark.parametrize("column", ["colour", "category"])
def test_one_label_or_none_is_told_in_words(tmp_path: Path, column: str) -> None:
    for value in ("one", None):
        fix: dict[str, Any] = {column: value}
        dataset = shop(tmp_path / str(value), **fix)
        assert "at least two values" in FashionClassifier.missing(dataset, config(target=column))[0]


def test_a_rare_label_is_left_out_and_told(tmp_path: Path) -> None:
    dataset = shop(tmp_path)
    dataset.labels = {"category": {"i000": "hats"}}
    assert any("hats (1)" in note for note in FashionClassifier.outlook(dataset, config()).notes)


@pytest.mark.parametrize("wrong", [{"title": 3}, {"brand": ["x"]}, {"photo": [1.0]}, {"photo": ["a"] * 1280}, "words"])
def test_a_wrong_type_is_refused(tmp_path: Path, wrong: Any) -> None:
    model = trained(shop(tmp_path), head="linear")
    with pytest.raises(InvalidInput):
        model.predict([wrong])


@pytest.mark.parametrize("name", ["config.json", "classifier.json", "words.safetensors", "columns.json"])
def test_a_missing_or_foreign_file_is_refused(tmp_path: Path, name: str) -> None:
    files = trained(shop(tmp_path)).save()
    with pytest.raises(CorruptArtifact):
        FashionClassifier.load({key: data for key, data in files.items() if key != name})
    stored = json.loads(files["classifier.json"])
    stored["classes"] = stored["classes"][:2]
    with pytest.raises(CorruptArtifact):
        FashionClassifier.load({**files, "classifier.json": json.dumps(stored).encode()})


def test_the_card_and_the_schemas_are_plain(tmp_path: Path) -> None:
    model = trained(shop(tmp_path))
    assert json.loads(json.dumps(model.card()))["data"]["products"] == 180
    assert model.signature()["outputs"]["required"][0] == "label"


def test_wrong_labels_come_first(tmp_path: Path) -> None:
    dataset = shop(tmp_path, products=240)
    wrong = {f"i{number:03d}": "coats" for number in range(0, 60, 12)}  # every twelfth is a dress
    dataset.labels = {"category": wrong}
    found = trained(dataset).mislabelled(dataset, len(wrong))
    assert len({doubt.item_id for doubt in found} & wrong.keys()) >= 3
    assert {doubt.suggested for doubt in found if doubt.item_id in wrong} == {"dresses"}


def test_a_fine_tuned_model_answers_the_same_after_loading(tmp_path: Path) -> None:
    dataset = shop(tmp_path, products=72)
    model = trained(dataset, head="lora", epochs=1, rank=2, columns=False, photo=False)
    again = FashionClassifier.load(model.save())
    assert "lora" in [voice.name for voice in again.model.voices]
    mine, theirs = model.predict(ASKED)[0], again.predict(ASKED)[0]
    assert mine["probability"] == pytest.approx(theirs["probability"], abs=1e-5)
    with pytest.raises(CorruptArtifact):
        FashionClassifier.load({**model.save(), "lora.safetensors": model.save()["meaning.safetensors"]})

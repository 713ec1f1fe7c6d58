import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.errors import InvalidFile
from engine.recommendation_engine.evaluation import Format, read

SEQUENCES, INTERACTIONS = Format.SEQUENCES, Format.INTERACTIONS


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_sequences_keep_their_order(tmp_path: Path) -> None:
    data = read(written(tmp_path, "a.txt", "u1 9 7 9\nu2 7\n\nu1 5\n"), SEQUENCES)
    assert data.shopper.tolist() == [0, 0, 0, 0, 1]
    assert data.item.tolist() == [0, 1, 0, 2, 1]
    assert data.day is None
    assert data.content is None
    assert data.summary().items == 3


def test_attributes_beside_a_file_of_sequences_are_read(tmp_path: Path) -> None:
    written(tmp_path, "a_item2attributes.json", json.dumps({"9": [1, 2], "7": [2], "404": [1]}))
    content = read(written(tmp_path, "a.txt", "u 9 7 5\n"), SEQUENCES).content
    assert content is not None
    assert content.shape == (3, 2)
    np.testing.assert_allclose(np.sqrt(content.multiply(content).sum(axis=1)).ravel(), [1, 1, 0])


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_tables_are_sorted_by_shopper_and_time(tmp_path: Path, form: str) -> None:
    frame = pd.DataFrame(
        {
            "shopper": ["b", "a", "a"],
            "item_id": ["x", "y", "x"],
            "time": ["2024-03-02", "2024-03-05T12:00:00Z", "2024-03-01"],
            "event": ["view", "purchase", "view"],
        }
    )
    path = tmp_path / f"events.{form}"
    frame.to_csv(path, index=False) if form == "csv" else frame.to_parquet(path)
    data = read(path, INTERACTIONS)
    assert data.shopper.tolist() == [0, 1, 1]
    assert data.item.tolist() == [0, 0, 1]
    assert data.strong.tolist() == [False, False, True]
    assert data.day is not None
    assert np.diff(data.day)[1] == 4.5
    assert data.summary().last.isoformat() == "2024-03-05T12:00:00+00:00"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text", ["1\t7\t5\t86400\n2\t8\t3\t172800\n", "\nuser|item|rating|timestamp\n1|7|5|86400\n2|8|3|172800\n"]
)
def test_movielens_is_read_with_and_without_names(tmp_path: Path, text: str) -> None:
    written(tmp_path, "u.data", text)
    data = read(tmp_path, INTERACTIONS)
    assert data.day is not None
    assert data.day.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("name", "text", "form", "told"),
    [
        ("a.txt", "", SEQUENCES, "a.txt has 0 bytes"),
        ("a.txt", "u1 3\nu2\n", SEQUENCES, "Line 2 of a.txt is 'u2'"),
        ("a.txt", b"u1 3\x00 4\n", SEQUENCES, "Line 1 of a.txt"),
        ("a.txt", "u1 " + "9" * 500, SEQUENCES, "Line 1 of a.txt"),
        ("a.csv", "shopper,item_id\na,b\n", INTERACTIONS, "lacks the column 'time'; it has shopper, item_id"),
        ("a.csv", "shopper,item_id,time\n", INTERACTIONS, "has no rows"),
        (
            "a.csv",
            "shopper,item_id,time\na,,2024-01-01\nb,c,2024-01-01\n",
            INTERACTIONS,
            r"1 rows .* \(first at row 1\)",
        ),
        ("a.csv", "shopper,item_id,time\na,b,yesterday\n", INTERACTIONS, "The times of a.csv cannot be read"),
        ("a.csv", b"\xff\xfe\x00junk", INTERACTIONS, "cannot be read as CSV"),
        ("a.parquet", "PAR1 no", INTERACTIONS, "cannot be read as Parquet"),
        ("u.data", "1\t2\tgood\t3\n", INTERACTIONS, "is not MovieLens data"),
    ],
)
def test_a_file_that_is_not_what_it_claims_gets_one_sentence(
    tmp_path: Path, name: str, text: str | bytes, form: Format, told: str
) -> None:
    with pytest.raises(InvalidFile, match=told) as caught:
        read(written(tmp_path, name, text), form)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[1]", '{"9": 3}'])
def test_broken_attributes_are_refused(tmp_path: Path, text: str) -> None:
    written(tmp_path, "a_item2attributes.json", text)
    with pytest.raises(InvalidFile, match="a_item2attributes"):
        read(written(tmp_path, "a.txt", "u 9\n"), SEQUENCES)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="There is no file"):
        read(tmp_path / "none.csv", INTERACTIONS)

"""Versions sort as semver.org says, held against an implementation of its section 11 of our own."""

from __future__ import annotations

from functools import cmp_to_key

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidInput
from engine.model_registry import semver

number = st.integers(0, 999_999_999) | st.integers(0, 12)
identifier = number.map(str) | st.from_regex(r"[0-9]{0,3}[a-zA-Z-][0-9a-zA-Z-]{0,4}", fullmatch=True)


@st.composite
def versions(draw: st.DrawFn) -> str:
    core = ".".join(str(draw(number)) for _ in range(3))
    pre = ".".join(draw(st.lists(identifier, max_size=3)))
    text = f"{core}-{pre}" if pre else core
    return text if len(text) <= 64 else core


def precedence(left: str, right: str) -> int:
    """Section 11 of semver.org 2.0.0, word for word."""
    (core_a, _, pre_a), (core_b, _, pre_b) = left.partition("-"), right.partition("-")
    numbers_a, numbers_b = [int(part) for part in core_a.split(".")], [int(part) for part in core_b.split(".")]
    if numbers_a != numbers_b:
        return -1 if numbers_a < numbers_b else 1
    if bool(pre_a) != bool(pre_b):
        return -1 if pre_a else 1
    for a, b in zip(pre_a.split("."), pre_b.split("."), strict=False):
        if a == b:
            continue
        if a.isdigit() and b.isdigit():
            return -1 if int(a) < int(b) else 1
        if a.isdigit() != b.isdigit():
            return -1 if a.isdigit() else 1
        return -1 if a < b else 1
    return (pre_a.count(".") > pre_b.count(".")) - (pre_a.count(".") < pre_b.count("."))


@given(st.lists(versions(), max_size=12))
def test_the_key_sorts_as_the_standard_does(drawn: list[str]) -> None:
    assert sorted(drawn, key=semver.sort_key) == sorted(drawn, key=cmp_to_key(precedence))


@given(versions(), versions())
def test_equal_keys_mean_equal_versions(a: str, b: str) -> None:
    assert (semver.sort_key(a) == semver.sort_key(b)) == (a == b)


def test_the_example_of_the_standard() -> None:
    pre = ["alpha", "alpha.1", "alpha.beta", "beta", "beta.2", "beta.11", "rc.1"]
    order = [*(f"1.0.0-{part}" for part in pre), "1.0.0"]
    backwards = order[::-1]
    assert sorted(backwards, key=semver.sort_key) == order


@given(versions(), st.sampled_from(["major", "minor", "patch"]))
def test_the_following_version_is_higher(version: str, bump: semver.Bump) -> None:
    following = semver.following(version, bump)
    if semver.is_version(following):
        assert precedence(version, following) < 0


@pytest.mark.parametrize(
    ("latest", "bump", "expected"),
    [
        (None, "minor", "1.0.0"),
        ("1.2.3", "major", "2.0.0"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "patch", "1.2.4"),
        ("2.0.0-rc.1", "minor", "2.0.0"),
    ],
)
def test_the_next_version(latest: str | None, bump: semver.Bump, expected: str) -> None:
    assert semver.following(latest, bump) == expected


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.0", "v1.0.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b", "1.0.0\n", " 1.0.0", "1.0.0+b",
     "1.٣.0", "1.0.0-é", "1.0.0-" + "a" * 60, "9999999999.0.0", "latest", "../1.0.0"],
)  # fmt: skip
def test_what_is_no_version_is_refused(text: str) -> None:
    assert not semver.is_version(text)
    with pytest.raises(InvalidInput, match="not a version"):
        semver.check(text)

"""A classifier in words: what it would work on, what it takes and gives, and where it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.estimators.base import Outlook
from engine.estimators.fashion_classifier.data import NUMBERS, read
from engine.vision import DIMENSIONS as PHOTO_WIDE

if TYPE_CHECKING:
    from engine.catalog.dataset import Dataset
    from engine.estimators.fashion_classifier.config import FashionClassifierConfig
    from engine.estimators.fashion_classifier.data import Rows
    from engine.estimators.fashion_classifier.model import Model

_MOST_NAMED = 8


def outlook(dataset: Dataset, config: FashionClassifierConfig) -> Outlook:
    """Counts, columns and what is left out."""
    rows = read(dataset, config)
    columns = ["title", "description"] if config.words or config.head == "baseline" else []
    if config.columns and config.head != "baseline":
        columns += [*rows.texts_of, *rows.numbers_of]
    return Outlook(
        rows=int((rows.label >= 0).sum()),
        unit="products",
        target=config.target,
        columns=columns,
        left_out=dict(rows.story["left_out"]),
        notes=told(rows),
    )


def told(rows: Rows) -> list[str]:
    """What somebody should know of the labels."""
    story = rows.story
    lines = [f"{len(rows.classes)} labels with enough products."]
    rare = story["rare"]
    if rare:
        named = ", ".join(
            f"{name} ({count})" for name, count in sorted(rare.items(), key=lambda it: -it[1])[:_MOST_NAMED]
        )
        more = "" if len(rare) <= _MOST_NAMED else f" and {len(rare) - _MOST_NAMED} more"
        lines.append(f"Left out, since too few products have them: {named}{more}.")
    lines += [f"Column {name!r} is left out: {reason}" for name, reason in story["left_out"].items()]
    if story["corrected"]:
        lines.append(f"Labels that a person corrected: {story['corrected']:,}.")
    return lines


def columns(model: Model) -> list[str]:
    """Other columns that the model reads."""
    found: list[str] = []
    for voice in model.voices:
        held = getattr(voice, "columns", None)
        found += held.names if held is not None else []
    return found


def signature(model: Model) -> dict[str, Any]:
    """JSON schemas of one input and one answer."""
    vector = {"type": "array", "items": {"type": "number"}, "minItems": PHOTO_WIDE, "maxItems": PHOTO_WIDE}
    label = {"type": "string", "enum": list(model.classes)}
    chance = {"type": "number", "minimum": 0, "maximum": 1}
    properties: dict[str, Any] = {"title": {"type": "string"}, "description": {"type": "string"}}
    properties |= {name: {"type": "number" if name in NUMBERS else "string"} for name in columns(model)}
    properties["photo"] = {**vector, "description": "Vector of the picture network."}
    other = {"type": "object", "properties": {"label": label, "probability": chance}}
    answer = {
        "label": label,
        "probability": chance,
        "abstained": {"type": "boolean"},
        "alternatives": {"type": "array", "items": other},
        "because": {"type": "array", "items": {"type": "string"}},
    }
    return {
        "inputs": {"type": "object", "properties": properties},
        "outputs": {"type": "object", "properties": answer, "required": list(answer)},
    }


def card(model: Model, config: FashionClassifierConfig) -> dict[str, Any]:
    """Purpose, method, data and limits."""
    story = model.story
    return {
        "purpose": f"Tells the {config.target} of a product, or leaves it to a person.",
        "method": "Late fusion: log probabilities of several models, weighed by what they foretold on products "
        "that none of them had learned from.",
        "weights": story.get("weights", {}),
        "abstains_below": round(model.silent_below, 4),
        "data": {
            "products": story.get("rows"),
            "labels": story.get("counts", {}),
            "too_rare": story.get("rare", {}),
            "corrected_by_a_person": story.get("corrected", 0),
            "columns_left_out": story.get("left_out", {}),
        },
        "limits": [
            "It repeats the labels of the shop, with their habits and mistakes.",
            "Labels that were too rare are never given; such products get the nearest other one.",
            "Probabilities hold for products like those of the shop; another shop's words may mislead it.",
        ],
    }

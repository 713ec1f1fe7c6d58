"""What a person asks to be trained: the recipe, the data, and how much to search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from dashboard.runtime import ask
from engine.training.schema import JobPreview, Tuning
from engine.training.service import TrainingService

CHAMPION_RECIPE = "champion"
"""The preset that is none: the champion's own recipe again."""


@dataclass(frozen=True)
class Asked:
    """One training, as it stands on the page.

    Parameters
    ----------
    preset : str
        A preset of the kind, or `CHAMPION_RECIPE`.
    changed : mapping
        Settings that differ from that recipe.
    """

    kind: str
    shop: str
    model: str
    snapshot: int
    preset: str
    changed: Mapping[str, Any] = field(default_factory=dict)
    tuning: Tuning | None = None
    priority: int = 0

    @property
    def as_champion(self) -> bool:
        """Whether the champion's recipe is used again, unchanged."""
        return self.preset == CHAMPION_RECIPE and not self.changed and self.tuning is None

    def recipe(self, base: Mapping[str, Any]) -> dict[str, Any]:
        """What `preview` and `submit` take; `base` is the recipe before the changes."""
        if self.preset == CHAMPION_RECIPE:
            return {"config": {**base, **self.changed}} if self.changed else {}
        return {"preset": self.preset, **({"config": dict(self.changed)} if self.changed else {})}

    def preview(self, base: Mapping[str, Any], *, state: object) -> JobPreview:
        """What this training would do.

        Raises
        ------
        InvalidInput
            The settings do not go together.
        """
        where = {"kind": self.kind, "shop": self.shop, "snapshot": self.snapshot, "model": self.model}
        return _preview({**where, **self.recipe(base)}, state)


@st.cache_data(max_entries=100, show_spinner=False)
def _preview(arguments: dict[str, Any], state: object) -> JobPreview:
    """Kept for as long as `state`, which is the champion and the jobs that ended, stays the same."""
    return ask(TrainingService.preview, **arguments)

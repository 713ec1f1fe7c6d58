"""What a search for better settings may change, by model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.estimators.base import Choices
    from engine.estimators.tabular.config import TabularConfig


def choose(choices: Choices, config: TabularConfig) -> TabularConfig:
    """The config with suggested values; linear models choose their penalty by themselves, so only rare levels vary."""
    if config.model in ("lightgbm", "xgboost"):
        return config.model_copy(update=_trees(choices))
    if config.model == "network":
        return config.model_copy(update=_network(choices))
    return config.model_copy(update={"rare_rows": choices.suggest_int("rare_rows", 5, 200, log=True)})


def _trees(choices: Choices) -> dict[str, Any]:
    return {
        "learning_rate": choices.suggest_float("learning_rate", 0.01, 0.3, log=True),
        "leaves": choices.suggest_int("leaves", 4, 128, log=True),
        "leaf_rows": choices.suggest_int("leaf_rows", 5, 400, log=True),
        "l2": choices.suggest_float("l2", 0.1, 100.0, log=True),
    }


def _network(choices: Choices) -> dict[str, Any]:
    return {
        "width": choices.suggest_int("width", 32, 256, log=True),
        "blocks": choices.suggest_int("blocks", 1, 4),
        "dropout": choices.suggest_float("dropout", 0.0, 0.5),
        "network_rate": choices.suggest_float("network_rate", 3e-4, 1e-2, log=True),
        "weight_decay": choices.suggest_float("weight_decay", 1e-4, 0.3, log=True),
    }

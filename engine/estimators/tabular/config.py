"""Settings of the `tabular` kind."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engine.catalog.schema import Table
from engine.estimators.base import EstimatorConfig

TableName = Literal[
    "items",
    "variants",
    "stock_levels",
    "prices",
    "shoppers",
    "orders",
    "order_lines",
    "interactions",
    "reviews",
    "impressions",
    "records",
]
ModelName = Literal["lightgbm", "xgboost", "linear", "network", "baseline"]


class TabularConfig(EstimatorConfig):
    """What to foretell from which table, and how.

    The table, the sheet, the target and the task say what is learned; everything else says how.
    """

    table: TableName = Field(default="order_lines", description="The table whose rows are learned from.")
    sheet: str = Field(
        default="", max_length=200, description="For records: the name of the imported table; empty takes all."
    )
    target: str = Field(
        default="returned",
        min_length=1,
        max_length=200,
        description="The column to foretell, or a key such as attributes.fabric, context.size or values.visitors.",
    )
    task: Literal["auto", "classification", "regression"] = Field(
        default="auto", description="Classes or numbers; auto tells it from the target's values."
    )
    model: ModelName = Field(
        default="lightgbm",
        description="Boosted trees (lightgbm, xgboost), logistic or ridge regression (linear), a residual network, "
        "or the plain baseline.",
    )
    leave_out: list[str] = Field(default_factory=list, max_length=200, description="Columns that are not to be used.")
    keep: list[str] = Field(
        default_factory=list, max_length=200, description="Columns to use although the checks would leave them out."
    )
    joined: bool = Field(
        default=True, description="Use the columns of the products, orders and shoppers that rows refer to."
    )
    use_text: bool = Field(default=True, description="Use the words of text columns, not only their length.")
    max_rows: int = Field(default=200_000, ge=1_000, le=5_000_000, description="Newest rows to learn from, at most.")
    rare_rows: int = Field(
        default=20, ge=2, le=10_000, description="Rows below which a value counts as one of the others."
    )
    balanced_labels: bool = Field(
        default=True, description="Choose labels so that rare classes are found, too; probabilities stay as they are."
    )
    learning_rate: float = Field(default=0.06, ge=0.001, le=1.0, description="Step of the boosted trees.")
    rounds: int = Field(
        default=400, ge=5, le=5_000, description="Trees at most; they stop when held-back rows gain no more."
    )
    leaves: int = Field(default=31, ge=2, le=512, description="Leaves of a tree.")
    leaf_rows: int = Field(default=40, ge=1, le=10_000, description="Rows that a leaf holds, at least.")
    l2: float = Field(default=3.0, ge=0.0, le=1_000.0, description="Shrinkage of leaves.")
    width: int = Field(default=128, ge=8, le=1_024, description="Units of the network's layers.")
    blocks: int = Field(default=2, ge=1, le=8, description="Residual blocks of the network.")
    dropout: float = Field(
        default=0.15, ge=0.0, le=0.8, description="Share of units that the network forgets in a step."
    )
    network_rate: float = Field(default=0.002, ge=1e-5, le=0.1, description="Step of the network (AdamW).")
    weight_decay: float = Field(default=0.01, ge=0.0, le=1.0, description="Decay of the network's weights (AdamW).")
    epochs: int = Field(default=25, ge=1, le=500, description="Passes of the network over the rows, at most.")
    patience: int = Field(
        default=4, ge=1, le=100, description="Passes or tens of trees without gain before learning stops."
    )
    batch_rows: int = Field(default=512, ge=16, le=65_536, description="Rows of a step of the network.")
    mixed_precision: bool = Field(default=True, description="bfloat16 where there is a GPU.")
    checkpointing: bool = Field(default=False, description="Trade time for memory: compute the network's blocks twice.")

    @property
    def of(self) -> Table:
        """The table as the catalog calls it."""
        return Table(self.table)

"""Training: jobs in worker processes, from snapshot to gated candidate."""

from engine.training.schema import (
    Expectation,
    Failure,
    JobInfo,
    JobPreview,
    JobState,
    Progress,
    Recipe,
    Trial,
    Tuning,
)
from engine.training.service import TrainingService
from engine.training.supervisor import Supervisor, start_background

__all__ = [
    "Expectation",
    "Failure",
    "JobInfo",
    "JobPreview",
    "JobState",
    "Progress",
    "Recipe",
    "Supervisor",
    "TrainingService",
    "Trial",
    "Tuning",
    "start_background",
]

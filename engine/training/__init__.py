"""Training: jobs in worker processes, from snapshot to gated candidate."""

from engine.training.schema import Failure, JobInfo, JobState, Progress
from engine.training.service import TrainingService
from engine.training.supervisor import Supervisor, start_background

__all__ = ["Failure", "JobInfo", "JobState", "Progress", "Supervisor", "TrainingService", "start_background"]

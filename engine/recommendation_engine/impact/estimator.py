"""`ImpactEstimator`: estimates for Python."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.core import Engine, current_engine
from engine.recommendation_engine.impact.schema import ImpactReport
from engine.recommendation_engine.impact.service import ImpactService
from engine.recommendation_engine.plan import Draft, Plan

_POLL_S = 0.1


class ImpactEstimator:
    """Estimates on past sessions what a plan or prices would have changed.

    Parameters
    ----------
    engine : Engine, optional
        The process's own Engine when left out (`SKYY_HOME`).
    """

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or current_engine()

    async def estimate(
        self,
        draft: Draft | Plan,
        *,
        shop: str,
        against: Draft | None = None,
        version: str | None = None,
        sessions: int = 2_000,
        progress: Callable[[float, str], None] | None = None,
    ) -> ImpactReport:
        """The report of a draft; the estimate ends when the awaiting task is cancelled.

        Parameters
        ----------
        draft : Draft or Plan
            What is tried.
        against : Draft, optional
            What it is compared with; the published plan when left out.
        version : str, optional
            A version of the shop's recommender; what serves when left out.
        sessions : int
            Most held-out sessions that are replayed, 50 to 20,000.
        progress : callable, optional
            Told the share that is done and the stage.

        Raises
        ------
        ReleaseNotFound, VersionNotFound, SnapshotNotFound, NoArtifact, InvalidInput, Conflict
        """
        tried = Draft(plan=draft) if isinstance(draft, Plan) else draft
        job = await self._engine.acall(
            ImpactService.start, shop=shop, draft=tried, against=against, version=version, sessions=sessions
        )
        try:
            while not job.state.final:
                await asyncio.sleep(_POLL_S)
                job = await self._engine.acall(ImpactService.get, job_id=job.id)
                if progress is not None:
                    progress(job.share, job.stage)
        except asyncio.CancelledError:
            self._engine.call(ImpactService.cancel, job_id=job.id)
            raise
        return job.outcome()

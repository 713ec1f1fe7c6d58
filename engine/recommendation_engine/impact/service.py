"""The estimate as an operation: started, watched and cancelled from any process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from engine.background import Background, BackgroundJob, Progress
from engine.catalog.service import CatalogService
from engine.core import Service
from engine.errors import InvalidInput, NoArtifact, ReleaseNotFound
from engine.files import canonical_json
from engine.hub import Hub
from engine.model_registry.service import RegistryService
from engine.naming import check_name
from engine.recommendation_engine.impact.schema import ImpactReport
from engine.recommendation_engine.impressions import ImpressionLog
from engine.recommendation_engine.live import LiveSessions
from engine.recommendation_engine.plan import Draft
from engine.recommendation_engine.plans import PlanService
from engine.recommendation_engine.schema import Request, SessionEvent
from engine.recommendation_engine.service import KIND, RecommendationService
from engine.store import operation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.estimators.recommender.estimator import RecommenderEstimator
    from engine.model_registry.schema import VersionInfo
    from engine.recommendation_engine.impact.click_rates import LoggedList
    from engine.recommendation_engine.impact.replay import Rehearsal
    from engine.recommendation_engine.impact.report import Question
    from engine.recommendation_engine.impact.schema import OffPolicy

FEWEST, MOST = 50, 20_000
_FITTED = 0.4
_HALF = 0.65
_RANKED = 0.9


class ImpactService(Service):
    """Estimates what a draft would have changed, in the background of the owner."""

    @operation("impact.start")
    def start(
        self,
        *,
        shop: str,
        draft: Draft,
        against: Draft | None = None,
        version: str | None = None,
        sessions: int = 2_000,
    ) -> BackgroundJob[ImpactReport]:
        """Begin an estimate, or join the one of the same inputs.

        Parameters
        ----------
        draft : Draft
            Plan and prices that are tried.
        against : Draft, optional
            What it is compared with; the published plan when left out.
        version : str, optional
            A version of the shop's recommender; what serves when left out.
        sessions : int
            Most held-out sessions that are replayed, 50 to 20,000.

        Raises
        ------
        ReleaseNotFound, VersionNotFound, SnapshotNotFound, InvalidInput, Conflict
        NoArtifact
            The version holds metrics only.
        """
        if not FEWEST <= sessions <= MOST:
            raise InvalidInput(f"{sessions:,} sessions cannot be replayed.", f"It is {FEWEST} to {MOST:,}.")
        info = self._version(check_name(shop, "shop"), version)
        question = self._question(shop, info, draft, against, sessions)
        part = self.engine.part(Background)
        return _told(part.get(part.start(_key(question), lambda progress: self._estimate(question, info, progress))))

    @operation("impact.get")
    def get(self, *, job_id: str) -> BackgroundJob[ImpactReport]:
        """How far an estimate is, and its report once it is done.

        Raises
        ------
        JobNotFound
        """
        return _told(self.engine.part(Background).get(job_id))

    @operation("impact.cancel")
    def cancel(self, *, job_id: str) -> BackgroundJob[ImpactReport]:
        """End an estimate, for all who wait for it.

        Raises
        ------
        JobNotFound
        """
        return _told(self.engine.part(Background).cancel(job_id))

    def _version(self, shop: str, version: str | None) -> VersionInfo:
        registry = self.engine.service(RegistryService)
        if version is None:
            served = self.engine.service(RecommendationService).served(shop).manifest["models"]
            if KIND not in served:
                raise ReleaseNotFound(f"No recommender serves {shop!r}.", hint="Promote one.")
            model, version = served[KIND]["model"], served[KIND]["version"]
        else:
            models = [info.model for info in registry.list_models(shop=shop) if info.kind == KIND]
            if not models:
                raise ReleaseNotFound(f"{shop!r} has no recommender.", hint="Train one.")
            model = models[0]
        info = registry.get_version(model=model, reference=version)
        if info.artifact is None:
            raise NoArtifact(
                f"{info.model} {info.version} holds metrics but no model.", "Only a model can be replayed."
            )
        return info

    def _question(self, shop: str, info: VersionInfo, draft: Draft, against: Draft | None, sessions: int) -> Question:
        from engine.recommendation_engine.impact.report import Question

        number = None
        if against is None:
            current = self.engine.service(PlanService).current(shop=shop)
            against, number = Draft(plan=current.plan), current.number
        return Question(
            shop=shop,
            model=info.model,
            version=info.version,
            snapshot=self.engine.service(CatalogService).get_snapshot(shop=shop).number,
            plan=number,
            draft=draft,
            against=against,
            sessions=sessions,
            moment=self.engine.clock.now(),
        )

    def _estimate(self, question: Question, info: VersionInfo, progress: Progress) -> ImpactReport:
        from engine.recommendation_engine.impact import held_out
        from engine.recommendation_engine.impact.measures import Outcome
        from engine.recommendation_engine.impact.replay import ranked
        from engine.recommendation_engine.impact.report import report

        key = f"impact:{question.shop}:{info.artifact}:{question.snapshot}"
        fitting = progress.within(0.0, _FITTED)
        with self.engine.part(Hub).use(key, lambda: self._rehearse(question, info, fitting)) as rehearsal:
            sessions = held_out.sample(rehearsal.sessions, question.sessions)
            lists = [
                ranked(rehearsal, sessions, draft, question.moment, _telling(progress.within(low, high), len(sessions)))
                for draft, low, high in ((question.against, _FITTED, _HALF), (question.draft, _HALF, _RANKED))
            ]
            progress.stage("Drawing intervals", _RANKED)
            before, after = (
                Outcome(rehearsal, sessions, found, draft.prices)
                for found, draft in zip(lists, (question.against, question.draft), strict=True)
            )
            return report(question, before, after, self._click_rates(question, progress))

    def _rehearse(self, question: Question, info: VersionInfo, progress: Progress) -> Rehearsal:
        from engine.recommendation_engine.impact.replay import rehearse
        from engine.training.vectors import Sources, described

        served = _loaded(dict(self.engine.artifacts.open(str(info.artifact))))
        dataset = self.engine.service(CatalogService).dataset(question.snapshot)
        fitting = _Fitting(progress)
        if served.config.wants_vectors:
            dataset = described(dataset, Sources.of(self.engine, dataset), fitting)
        return rehearse(served, dataset, fitting)

    def _click_rates(self, question: Question, progress: Progress) -> dict[str, OffPolicy] | None:
        """Of both drafts, by the model that serves and lists that it showed after it was trained."""
        from engine.recommendation_engine.impact.click_rates import click_rate, logged

        served = self.engine.service(RecommendationService).served(question.shop)
        if served.manifest["models"].get(KIND, {}).get("version") != question.version:
            return None
        dataset = self.engine.service(CatalogService).dataset(question.snapshot)
        rows = self.engine.part(ImpressionLog).rows(question.shop, question.moment)
        found = {}
        with self.engine.part(Hub).use(served.key, served.load) as recommender:
            lists = logged(dataset, rows, recommender.seen_until)
            for name, draft in (("before", question.against), ("after", question.draft)):

                def order(shown: LoggedList, draft: Draft = draft) -> NDArray[np.int64]:
                    progress.check()
                    return recommender.order(self._asked(question, shown), draft.plan, draft.prices).rows

                rate = click_rate(lists, order, recommender.facets.place)
                if rate is not None:
                    found[name] = rate
        return found or None

    def _asked(self, question: Question, shown: LoggedList) -> Request:
        """The request that a logged list answered, with what the shopper had done by then."""
        names = [shown.shopper] if shown.shopper else []
        live = self.engine.part(LiveSessions).events(question.shop, names, question.moment) if names else []
        events = [
            SessionEvent(item_id=e.item_id, event=e.act, hours_ago=(shown.time - e.time) / timedelta(hours=1))
            for e in live
            if shown.time is not None and e.time < shown.time
        ]
        return Request(shopper=shown.shopper, events=tuple(events), limit=len(shown.places), moment=question.moment)


def _telling(progress: Progress, sessions: int) -> Callable[[float], None]:
    return lambda share: progress.stage(f"Replaying {sessions:,} sessions", share)


class _Fitting:
    """What a training tells, as stages of the estimate."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def stage(self, name: str, share: float) -> None:
        self._progress.stage(name, share)

    def metric(self, name: str, step: int, value: float) -> None:
        self._progress.check()

    def log(self, line: str) -> None:
        self._progress.check()


def _loaded(files: dict[str, bytes]) -> RecommenderEstimator:
    from engine.estimators.recommender.estimator import RecommenderEstimator

    return RecommenderEstimator.load(files)


def _key(question: Question) -> str:
    """What makes two estimates the same: all inputs, and which rules hold at the moment."""
    drafts = [draft.model_dump(mode="json") for draft in (question.draft, question.against)]
    rules = [rule for draft in (question.draft, question.against) for rule in draft.plan.rules]
    inputs: list[Any] = [
        question.shop,
        question.model,
        question.version,
        question.snapshot,
        question.plan,
        question.sessions,
        [rule.holds_at(question.moment) for rule in rules],
        drafts,
    ]
    return f"impact:{hashlib.sha256(canonical_json(inputs).encode()).hexdigest()}"


def _told(job: BackgroundJob[Any]) -> BackgroundJob[ImpactReport]:
    return BackgroundJob[ImpactReport](**{name: getattr(job, name) for name in type(job).model_fields})

"""What a version would recommend that does not serve: for the sandbox, never for a shop's traffic."""

from __future__ import annotations

from typing import Any

from engine.catalog.service import CatalogService
from engine.errors import InvalidInput, NoArtifact
from engine.model_registry.schema import VersionInfo
from engine.model_registry.service import RegistryService
from engine.recommendation_engine.schema import Recommendations
from engine.recommendation_engine.service import KIND, RecommendationService, Served
from engine.store import operation


class TrialService(RecommendationService):
    """Answers with any version of a recommender over the shop's newest catalogue."""

    @operation("recommendations.try")
    def try_version(
        self,
        *,
        model: str,
        version: str,
        user_id: str | None = None,
        basket: list[str] | None = None,
        context: dict[str, Any] | None = None,
        limit: int = 10,
    ) -> Recommendations:
        """Products as `recommendations.get` gives them, from a version that is named.

        Raises
        ------
        ModelNotFound, VersionNotFound
        NoArtifact
            The version holds metrics only.
        InvalidInput
            The model is no shop's recommender, or the context asks for what the shop does not have.
        """
        registry = self.engine.service(RegistryService)
        owner, info = registry.get_model(model=model), registry.get_version(model=model, reference=version)
        if owner.kind != KIND or owner.shop is None:
            raise InvalidInput(f"{model} is no shop's recommender.", "The sandbox tries recommenders.")
        if info.artifact is None:
            raise NoArtifact(f"{model} {info.version} holds metrics but no model.", "Only a model can be tried.")
        number = self.engine.service(CatalogService).get_snapshot(shop=owner.shop).number
        request = {"basket": basket or [], "events": [], "context": context, "limit": limit}
        key = f"recommender:{owner.shop}:trial:{info.model}:{info.version}:{number}"
        return self.answer(owner.shop, user_id, request, key=key, load=lambda: self._load_trial(info, number))

    def _load_trial(self, info: VersionInfo, number: int) -> Served:
        from engine.recommendation_engine.serving import ReleaseRecommender

        files = dict(self.engine.artifacts.open(str(info.artifact)))
        dataset = self.engine.service(CatalogService).dataset(number)
        manifest = {
            "models": {KIND: {"model": info.model, "version": info.version}},
            "number": None,
            "snapshot": number,
        }
        return Served(ReleaseRecommender.from_files(files, dataset), manifest)

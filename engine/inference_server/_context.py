"""What every route needs: the Engine of its application, and who acts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict

from engine.actor import Actor
from engine.core import Engine


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine()
    return engine


def _actor() -> Actor:
    return Actor.local(via="http")


EngineOf = Annotated[Engine, Depends(_engine)]
ActorOf = Annotated[Actor, Depends(_actor)]


class Body(BaseModel):
    """Base of request bodies: what is unknown is refused."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

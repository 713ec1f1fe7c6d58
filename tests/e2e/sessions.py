"""Browser sessions without a browser: the websocket protocol that Streamlit's page speaks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

_LIMIT = 64 * 2**20
_PATIENCE_S = 120.0


@dataclass
class Drawn:
    """What one run of a page sent: how many elements, and the texts of errors among them."""

    elements: int = 0
    errors: list[str] = field(default_factory=list)


@contextmanager
def session(address: str) -> Iterator[ClientConnection]:
    """One open session of the app at `address`."""
    host = urlsplit(address).netloc
    with connect(
        f"ws://{host}/_stcore/stream",
        subprotocols=["streamlit"],
        origin=address,
        max_size=_LIMIT,
        open_timeout=_PATIENCE_S,  # type: ignore[arg-type, list-item]
    ) as connection:
        yield connection


def visit(connection: ClientConnection, page: str, query: str = "") -> Drawn:
    """Run a page and return what it drew."""
    message = BackMsg()
    message.rerun_script.page_name = page
    message.rerun_script.query_string = query
    connection.send(message.SerializeToString())
    drawn = Drawn()
    while True:
        answer = ForwardMsg()
        answer.ParseFromString(connection.recv(timeout=_PATIENCE_S))  # type: ignore[arg-type]  # binary frames only
        kind = answer.WhichOneof("type")
        if kind == "delta":
            _note(answer, drawn)
        elif kind == "script_finished":
            return drawn


def _note(answer: ForwardMsg, drawn: Drawn) -> None:
    drawn.elements += 1
    element = answer.delta.new_element
    if element.WhichOneof("type") == "exception":
        drawn.errors.append(element.exception.message)
    elif element.WhichOneof("type") == "alert" and element.alert.format == element.alert.ERROR:
        drawn.errors.append(element.alert.body)

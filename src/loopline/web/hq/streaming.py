"""Streams (server-sent events) of what is watched: a message whenever it moves, a heartbeat when it does not."""

import time
from collections.abc import AsyncGenerator, Hashable
from datetime import timedelta
from typing import TypeVar

from litestar.response import ServerSentEvent, ServerSentEventMessage

from loopline.web.edge import WebRequest, edge_of, language_of
from loopline.web.languages import Language
from loopline.web.live import LiveHub

Watched = TypeVar("Watched", bound=Hashable)
Shown = TypeVar("Shown")

# A stream ends now and then, so that the browser asks again and its session is looked at again.
STREAM_LENGTH = timedelta(minutes=10)
_RETRY_MILLISECONDS = 2_000


def stream_of(request: WebRequest, hub: LiveHub[Watched, Shown], watch: Watched) -> ServerSentEvent:
    """Return the stream of what somebody watches, in the request's language."""
    heartbeat_seconds = edge_of(request).settings.heartbeat_seconds
    return ServerSentEvent(
        _messages(hub, watch, language_of(request), heartbeat_seconds=heartbeat_seconds),
        retry_duration=_RETRY_MILLISECONDS,
    )


async def _messages(
    hub: LiveHub[Watched, Shown], watch: Watched, language: Language, *, heartbeat_seconds: float
) -> AsyncGenerator[ServerSentEventMessage, None]:
    until = time.monotonic() + STREAM_LENGTH.total_seconds()
    async with hub.watching(watch, language) as watcher:
        yield ServerSentEventMessage(event="open", data="", retry=_RETRY_MILLISECONDS)
        async for message in watcher.messages(heartbeat_seconds=heartbeat_seconds):
            if message is None:
                yield ServerSentEventMessage(event="beat", data="")
            else:
                yield ServerSentEventMessage(event="board", data=message)
            if time.monotonic() > until:
                return

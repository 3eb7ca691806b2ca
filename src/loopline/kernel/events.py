"""The shape of an event: what a room says happened. Events carry ids, never personal data."""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec

from loopline.kernel.ids import EventId, uuid7, uuid7s

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_encode = msgspec.json.Encoder().encode


@cache
def _snake_case(name: str) -> str:
    return _WORD_START.sub("_", name).lower()


class EventBody(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an event of one type says. Subclass per type, named in the past tense; a changed shape is a new VERSION."""

    VERSION: ClassVar[int] = 1

    @classmethod
    def type_name(cls) -> str:
        """The event's type: the class's name in snake case."""
        return _snake_case(cls.__name__)


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event as it stands in the log. `data` is the body as JSON; `position` is 0 until the log gave it one."""

    id: EventId
    type: str
    version: int
    subject: UUID
    at: datetime
    actor: str
    data: bytes
    position: int = 0


Body = TypeVar("Body", bound=EventBody)

SYSTEM_ACTOR = "system"


def event(body: EventBody, *, subject: UUID, at: datetime, actor: str = SYSTEM_ACTOR) -> Event:
    """Wrap a body for the log. `subject` is what it is about: events of one subject are applied in their order."""
    return Event(
        id=EventId(uuid7(at)),
        type=body.type_name(),
        version=body.VERSION,
        subject=subject,
        at=at,
        actor=actor,
        data=_encode(body),
    )


def events(
    bodies: Iterable[tuple[UUID, EventBody]], *, at: datetime, actor: str = SYSTEM_ACTOR
) -> list[Event]:
    """Wrap many bodies, each with what it is about, for the log: what `event` does, at a fraction for each."""
    told = list(bodies)
    return [
        Event(
            id=EventId(made),
            type=_snake_case(type(body).__name__),
            version=body.VERSION,
            subject=subject,
            at=at,
            actor=actor,
            data=_encode(body),
        )
        for (subject, body), made in zip(told, uuid7s(at, len(told)), strict=True)
    ]


_decoders: dict[type[EventBody], msgspec.json.Decoder[EventBody]] = {}


def read(stored: Event, body: type[Body]) -> Body:
    """Decode an event's body. Raises msgspec.ValidationError when the data is not of that shape."""
    decoder = _decoders.get(body)
    if decoder is None:
        decoder = _decoders[body] = msgspec.json.Decoder(body)
    decoded = decoder.decode(stored.data)
    assert isinstance(decoded, body)
    return decoded

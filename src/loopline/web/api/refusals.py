"""What the edge itself refuses, before any room is asked."""

from uuid import UUID

from loopline.kernel.refusals import Refusal


class NoSuchThing(Refusal, frozen=True, kw_only=True):
    """There is no {noun} {value}, or it is not for you."""

    noun: str
    value: str


class IdNotOfItsTime(Refusal, frozen=True, kw_only=True):
    """The id {id} is no UUID of version 7: make one of the present moment, or leave it out."""

    id: UUID

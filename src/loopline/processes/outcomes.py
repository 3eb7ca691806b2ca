"""Outcomes that a stage cannot accept: where a refusal of a room means that our own books disagree."""

from collections.abc import Sequence
from typing import TypeVar

from psycopg.errors import SerializationFailure

from loopline.kernel.refusals import Refusal, Refused

Granted = TypeVar("Granted")


def all_granted(outcomes: Sequence[Granted | Refusal]) -> list[Granted]:
    """Return outcomes none of which is a refusal; raises `Refused` with the first that is, and undoes the stage."""
    granted: list[Granted] = []
    for outcome in outcomes:
        if isinstance(outcome, Refusal):
            raise Refused(outcome)
        granted.append(outcome)
    return granted


def all_as_read(outcomes: Sequence[Granted | Refusal]) -> list[Granted]:
    """Return outcomes none of which is a refusal, where a rival may have changed what was read before it was locked.

    Raises `SerializationFailure` where one did: the edge begins again, and sees what the rival left.
    """
    granted: list[Granted] = []
    for outcome in outcomes:
        if isinstance(outcome, Refusal):
            raise SerializationFailure(f"a rival came first: {outcome!r}")
        granted.append(outcome)
    return granted

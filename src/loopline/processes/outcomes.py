"""Outcomes that a stage cannot accept: where a refusal of a room means that our own books disagree."""

from collections.abc import Sequence
from typing import TypeVar

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

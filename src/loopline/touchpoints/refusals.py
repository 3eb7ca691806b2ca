"""What touchpoints says no to."""

from datetime import datetime

from loopline.kernel.refusals import Refusal
from loopline.touchpoints.model import TouchpointKind


class TouchpointUnknown(Refusal, frozen=True, kw_only=True):
    """There is no code {touchpoint_code}."""

    touchpoint_code: str


class TouchpointGone(Refusal, frozen=True, kw_only=True):
    """The code {touchpoint_code} is no longer in use."""

    touchpoint_code: str


class ScanOutsideWindow(Refusal, frozen=True, kw_only=True):
    """A scan is told within {days} days, and not before it happened."""

    days: int


class TouchpointNeeds(Refusal, frozen=True, kw_only=True):
    """A code of the kind {kind} needs a {field}."""

    kind: TouchpointKind
    field: str


class TouchpointKindIsMade(Refusal, frozen=True, kw_only=True):
    """Codes of the kind {kind} are made with what they stand for, not by themselves."""

    kind: TouchpointKind


class LabelNotUsable(Refusal, frozen=True, kw_only=True):
    """A label has at most {characters_max} printable characters."""

    characters_max: int


class TooManyGuesses(Refusal, frozen=True, kw_only=True):
    """Too many codes that are none were tried from here: try again in an hour."""


class LiveRoomUnknown(Refusal, frozen=True, kw_only=True):
    """There is no live room {live_room_code}."""

    live_room_code: str


class LiveRoomCodeTaken(Refusal, frozen=True, kw_only=True):
    """The live room {live_room_code} stands with other content."""

    live_room_code: str


class LiveRoomHasEnded(Refusal, frozen=True, kw_only=True):
    """The live room {live_room_code} ended at {ended_at}; start another."""

    live_room_code: str
    ended_at: datetime


class LiveRoomNotStarted(Refusal, frozen=True, kw_only=True):
    """The live room {live_room_code} has not begun, so it cannot end."""

    live_room_code: str


class StreamerOnAir(Refusal, frozen=True, kw_only=True):
    """The streamer of {live_room_code} is on air in {other_code}; end that first."""

    live_room_code: str
    other_code: str


class RuleNotUsable(Refusal, frozen=True, kw_only=True):
    """{field} lies between {lowest} and {highest}."""

    field: str
    lowest: int
    highest: int

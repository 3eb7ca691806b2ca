"""Ladders: what a party earns of a month's turnover beside its shares of lines, by steps that are published beforehand.

A ladder is of one role: its turnover is the net amount of the parts whose shares the party has in that role, less what
came back. It is evaluated by month, never inside a line: first when the month is over and no return window of its parts
is open any more, and again whenever something of it comes back later. Each evaluation keeps what the month comes to and
by how much that differs from what was given so far. Those who have what the others leave (`remainder`) give it, so that
of what was sold nothing more is shared than there is.
"""

import enum
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from loopline.db import Conn, copy_rows, execute, fetch, statements, uuids
from loopline.kernel.ids import EntityId, LadderId, PartyId, PersonId
from loopline.kernel.money import BASIS_POINTS, portion, split_by_weight
from loopline.kernel.times import TimeRange
from loopline.sharing.model import Role

SQL = statements(__file__)
STEPS_MOST = 20
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class LadderWay(enum.StrEnum):
    """WHOLE: the rate of the highest step that is reached holds for all of the turnover. ABOVE: each rate holds for
    what lies between its step and the next.
    """

    WHOLE = "whole"
    ABOVE = "above"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """From a turnover on, in minor units, so many basis points."""

    from_minor: int
    basis_points: int


class NewLadder(msgspec.Struct, frozen=True, kw_only=True):
    """A ladder to publish: under its code from a month on (its first day), until a later one of that code.

    Without channels or categories it is of all; without steps it ends what went before.
    """

    id: LadderId
    code: str
    role: Role
    currency: str
    way: LadderWay
    steps: tuple[Step, ...]
    from_month: date
    author_id: PersonId
    comment: str
    channels: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


class Ladder(NewLadder, frozen=True, kw_only=True):
    """A ladder that stands."""

    published_at: datetime
    untried_because: str | None = None


class Turnover(msgspec.Struct, frozen=True, kw_only=True):
    """What a party turned over in a month on a ladder, for one seller of record, and who has what the others leave."""

    ladder_id: LadderId
    party_id: PartyId
    entity_id: EntityId
    funder_id: PartyId
    volume_minor: int
    pending_parts: int


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What was given so far for a month: the sum of all evaluations, and how many there were."""

    party_id: PartyId
    entity_id: EntityId
    funder_id: PartyId
    given_minor: int
    evaluations: int


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What a month's turnover comes to, and by how much that is more than what was given before (less: negative)."""

    id: UUID
    ladder_id: LadderId
    party_id: PartyId
    entity_id: EntityId
    funder_id: PartyId
    currency: str
    month: date
    number: int
    volume_minor: int
    bonus_minor: int
    change_minor: int
    at: datetime


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a party stands on a ladder in a month: its turnover so far, what that comes to, and the step after it.

    `is_open`: parts of it may still come back, or be sold; then nothing has been given yet.
    """

    ladder: Ladder
    party_id: PartyId
    volume_minor: int
    bonus_minor: int
    is_open: bool

    @property
    def next_step(self) -> Step | None:
        """The lowest step that is not reached."""
        return next((step for step in self.ladder.steps if step.from_minor > self.volume_minor), None)


# ------------------------------------------------------------------------------------------------------------ pure


def bonus_of(ladder: NewLadder, volume_minor: int) -> int:
    """Return what a turnover comes to, in minor units: each stretch is rounded half away from zero by itself."""
    reached = [step for step in ladder.steps if step.from_minor <= volume_minor]
    if not reached or volume_minor <= 0:
        return 0
    if ladder.way is LadderWay.WHOLE:
        return portion(volume_minor, reached[-1].basis_points, BASIS_POINTS)
    ends = [*(step.from_minor for step in reached[1:]), volume_minor]
    return sum(
        portion(end - step.from_minor, step.basis_points, BASIS_POINTS)
        for step, end in zip(reached, ends, strict=True)
    )


def bonuses_of(ladder: NewLadder, turnovers: Sequence[Turnover]) -> list[int]:
    """Return what each part of one party's turnover brings: the bonus of all of it, by weight (largest remainder)."""
    volumes = [one.volume_minor for one in turnovers]
    return split_by_weight(bonus_of(ladder, sum(volumes)), volumes)


def misshapen_field(ladder: NewLadder) -> str | None:
    """Return the first field that makes no sense."""
    starts = [step.from_minor for step in ladder.steps]
    wrong = {
        "code": not _CODE.fullmatch(ladder.code),
        "steps": len(starts) > STEPS_MOST
        or starts != sorted(set(starts))
        or any(start < 0 for start in starts),
        "basis_points": any(not 0 <= step.basis_points <= BASIS_POINTS for step in ladder.steps),
        "from_month": ladder.from_month.day != 1,
        "role": ladder.role is Role.BRAND,
    }
    return next((field for field, is_wrong in wrong.items() if is_wrong), None)


# --------------------------------------------------------------------------------------------------------- commands


def take_turn(conn: Conn) -> None:
    """Let one evaluate at a time, to the end of the transaction."""
    execute(conn, SQL["take_turn"])


def keep_evaluations(conn: Conn, evaluations: Sequence[Evaluation]) -> None:
    """Keep evaluations for good."""
    if evaluations:
        copy_rows(conn, SQL["copy_evaluations"], map(msgspec.structs.astuple, evaluations))


# ------------------------------------------------------------------------------------------------------------ reads


def all_ladders(conn: Conn) -> list[Ladder]:
    """Return every ladder that was published, by code and month."""
    return fetch(conn, SQL["all_ladders"], Ladder)


def ladders_in(ladders: Iterable[Ladder], month: date) -> list[Ladder]:
    """Return the ladders that hold in a month: of each code the latest begun, where it has steps."""
    latest = {one.code: one for one in ladders if one.from_month <= month}
    return [one for one in latest.values() if one.steps]


def turnovers(
    conn: Conn, ladders: Sequence[Ladder], *, during: TimeRange, party_ids: Sequence[PartyId] | None = None
) -> dict[LadderId, list[Turnover]]:
    """Return what parties (None: all) turned over on each ladder, by party, company and funder; what came back is off.

    The parts of the time are read once, however many ladders there are.
    """
    found: dict[LadderId, list[Turnover]] = {one.id: [] for one in ladders}
    asked = [
        {
            "id": one.id,
            "role": one.role.value,
            "currency": one.currency,
            "channels": one.channels,
            "categories": one.categories,
        }
        for one in ladders
    ]
    if asked:
        rows = fetch(
            conn,
            SQL["turnovers"],
            Turnover,
            ladders=msgspec.json.encode(asked).decode(),
            start=during.start,
            end=during.end,
            party_ids=None if party_ids is None else uuids(party_ids),
        )
        for one in rows:
            found[one.ladder_id].append(one)
    return found


def given_for(conn: Conn, ladder_id: LadderId, month: date) -> list[Given]:
    """Return what was given for a month so far."""
    return fetch(conn, SQL["given_for"], Given, ladder_id=ladder_id, month=month)


def evaluations_of(
    conn: Conn, party_ids: Sequence[PartyId] | None, *, since: date, limit: int
) -> list[Evaluation]:
    """Return the evaluations of parties (None: of all) for months from one on, the latest first."""
    return fetch(
        conn,
        SQL["evaluations_of"],
        Evaluation,
        party_ids=None if party_ids is None else uuids(party_ids),
        since=since,
        limit=limit,
    )

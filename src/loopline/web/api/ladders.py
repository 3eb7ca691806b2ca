"""Ladders: what a month's turnover brings beside the shares of lines, published beforehand; and what months came to."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import LadderId, PartyId, PersonId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import business_day
from loopline.org import Permission
from loopline.processes.bonus import MONTHS_LOOKED_BACK, months_to_evaluate, standings
from loopline.sharing import ladders
from loopline.sharing.ladders import Ladder, LadderWay, NewLadder, Step
from loopline.sharing.model import Role
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.shapes import Batch, Outcomes, decided, posted, told
from loopline.web.api.sharing import author_of, party_whose_earnings
from loopline.web.api.types import BasisPoints, Code, Currency, Minor

_TAG = "sharing"
_SUBJECT = "ladders"
_EVALUATIONS_SHOWN = 500
Names = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...], Meta(max_length=50)]


class StepAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From a month's turnover on, so many basis points."""

    from_minor: Minor
    basis_points: BasisPoints


class LadderAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ladder of a role from a month on, by the month's first day; `whole`: the highest rate that is reached holds for
    all of the turnover; `above`: each rate for what lies above its step. Without channels or categories it counts all.
    The same code again takes over from its month on; without steps it ends there.
    """

    code: Code
    role: Role
    currency: Currency
    way: LadderWay
    steps: Annotated[tuple[StepAsk, ...], Meta(max_length=ladders.STEPS_MOST)]
    from_month: date
    comment: Annotated[str, Meta(min_length=1, max_length=2_000)]
    channels: Names = ()
    categories: Names = ()


class LadderTold(msgspec.Struct, frozen=True, kw_only=True):
    """A ladder that stands. It never changes."""

    ladder_id: LadderId
    code: str
    role: Role
    currency: str
    way: LadderWay
    steps: tuple[StepAsk, ...]
    from_month: date
    channels: tuple[str, ...]
    categories: tuple[str, ...]
    comment: str
    published_at: datetime


class BonusTold(msgspec.Struct, frozen=True, kw_only=True):
    """How a party stands on a ladder this month; `next_minor` is the turnover from which the next rate holds."""

    ladder_code: str
    month: date
    currency: str
    volume_minor: int
    bonus_minor: int
    next_minor: int | None
    next_basis_points: int | None
    is_open: bool


class EvaluationTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a month came to when it was looked at: `change_minor` was given (taken back where negative)."""

    evaluation_id: UUID
    ladder_code: str
    month: date
    currency: str
    volume_minor: int
    bonus_minor: int
    change_minor: int
    at: datetime


class BonusesTold(msgspec.Struct, frozen=True, kw_only=True):
    """A party's bonuses: how this month stands, and what months of the last year came to, the latest first."""

    this_month: list[BonusTold]
    evaluations: list[EvaluationTold]


@told("/ladders", tag=_TAG, name="list_ladders")
def list_ladders(request: AnyRequest, caller: NamedDependency[Caller]) -> list[LadderTold]:
    """List every ladder that was published, by code and month: whoever earns may know how."""
    caller.scope(Permission.EARNINGS_READ)
    return read(request, lambda conn, _: [_told(one) for one in ladders.all_ladders(conn)])


@posted("/ladders", tag=_TAG, name="publish_ladders", gives=Outcomes[LadderTold])
def publish_ladders(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[LadderAsk]]
) -> Response[bytes]:
    """Publish ladders for the whole brand, for good: from a month on that has not begun."""
    whole_brand(caller, Permission.SHARING_WRITE, subject=_SUBJECT)

    def decide(conn: Conn, now: datetime) -> list[LadderTold | Refusal]:
        today = business_day(now, board_setting(conn).zone)
        author_id = author_of(conn, caller)
        ids = uuid7s(now, len(data.items))
        asked = [
            _ladder(one, LadderId(one_id), author_id) for one, one_id in zip(data.items, ids, strict=True)
        ]
        made = ladders.publish_ladders(conn, asked, today=today, now=now)
        return [one if isinstance(one, Refusal) else _told(one) for one in made]

    return decided(request, caller, data, decide)


@told("/parties/{party_code:str}/bonuses", tag=_TAG, name="list_bonuses")
def list_bonuses(
    request: AnyRequest, caller: NamedDependency[Caller], party_code: FromPath[Code]
) -> BonusesTold:
    """Tell a party's bonuses: one's own, or those of a party in one's branch."""

    def find(conn: Conn, now: datetime) -> BonusesTold:
        party = party_whose_earnings(conn, caller, party_code)
        return bonuses_told(conn, party.id, now=now)

    return read(request, find)


def bonuses_told(conn: Conn, party_id: PartyId, *, now: datetime) -> BonusesTold:
    """Read what a party has of ladders."""
    zone_name = board_setting(conn).zone
    month = business_day(now, zone_name).replace(day=1)
    since = months_to_evaluate(now, zone_name)[MONTHS_LOOKED_BACK - 1]
    codes = {one.id: one.code for one in ladders.all_ladders(conn)}
    return BonusesTold(
        this_month=[
            BonusTold(
                ladder_code=one.ladder.code,
                month=month,
                currency=one.ladder.currency,
                volume_minor=one.volume_minor,
                bonus_minor=one.bonus_minor,
                next_minor=one.next_step.from_minor if one.next_step is not None else None,
                next_basis_points=one.next_step.basis_points if one.next_step is not None else None,
                is_open=one.is_open,
            )
            for one in standings(conn, [party_id], month=month, zone_name=zone_name, now=now)
        ],
        evaluations=[
            EvaluationTold(
                evaluation_id=one.id,
                ladder_code=codes[one.ladder_id],
                month=one.month,
                currency=one.currency,
                volume_minor=one.volume_minor,
                bonus_minor=one.bonus_minor,
                change_minor=one.change_minor,
                at=one.at,
            )
            for one in ladders.evaluations_of(conn, [party_id], since=since, limit=_EVALUATIONS_SHOWN)
        ],
    )


def _ladder(ask: LadderAsk, ladder_id: LadderId, author_id: PersonId) -> NewLadder:
    return NewLadder(
        id=ladder_id,
        code=ask.code,
        role=ask.role,
        currency=ask.currency,
        way=ask.way,
        steps=tuple(Step(from_minor=one.from_minor, basis_points=one.basis_points) for one in ask.steps),
        from_month=ask.from_month,
        author_id=author_id,
        comment=ask.comment,
        channels=ask.channels,
        categories=ask.categories,
    )


def _told(one: Ladder) -> LadderTold:
    return LadderTold(
        ladder_id=one.id,
        code=one.code,
        role=one.role,
        currency=one.currency,
        way=one.way,
        steps=tuple(
            StepAsk(from_minor=step.from_minor, basis_points=step.basis_points) for step in one.steps
        ),
        from_month=one.from_month,
        channels=one.channels,
        categories=one.categories,
        comment=one.comment,
        published_at=one.published_at,
    )


LADDER_HANDLERS = [list_ladders, publish_ladders, list_bonuses]

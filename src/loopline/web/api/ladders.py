"""Ladders: what a month's turnover brings beside the shares of lines, drafted, tried on past months and published; and
what months came to.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.insight import board_setting
from loopline.kernel.ids import LadderId, PartyId, PersonId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import business_day
from loopline.org import Permission
from loopline.processes.bonus import (
    MONTHS_LOOKED_BACK,
    month_began,
    months_to_evaluate,
    standings,
    try_ladder,
)
from loopline.sharing import ladders
from loopline.sharing.ladder_drafts import (
    MONTHS_TRIED_MOST,
    LadderDraft,
    LadderPublication,
    LadderTrial,
    drafts_waiting,
    save_drafts,
)
from loopline.sharing.ladder_drafts import publish_ladders as write_ladders
from loopline.sharing.ladders import Ladder, LadderWay, NewLadder, Step
from loopline.sharing.model import Role
from loopline.web.api.answers import AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.shapes import Batch, Outcomes, decided, merged, posted, told
from loopline.web.api.sharing import author_of, party_whose_earnings
from loopline.web.api.types import BasisPoints, Code, Currency, Minor, Moment

_TAG = "sharing"
_SUBJECT = "ladders"
_EVALUATIONS_SHOWN = 500
Names = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...], Meta(max_length=50)]


class StepAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From a month's turnover on, so many basis points."""

    from_minor: Minor
    basis_points: BasisPoints


class LadderAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft of a ladder of a role from a month on, by the month's first day; `whole`: the highest rate reached holds
    for all of the turnover; `above`: each rate for what lies above its step. Without channels or categories it
    counts all. The same code again takes over from its month on; without steps it ends there. `saved_at`: that of the
    draft under this code that was looked at, if one waits.
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
    saved_at: Moment | None = None


class LadderTry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Try the draft under a code on so many months that are over, the last ones."""

    code: Code
    months: Annotated[int, Meta(ge=1, le=MONTHS_TRIED_MOST)]


class LadderPublicationAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Publish the draft under a code; `saved_at` as it was told: where it was saved later, it is refused.

    `untried_because` says why it was not tried, where nothing was sold yet.
    """

    code: Code
    saved_at: Moment
    untried_because: Annotated[str, Meta(max_length=2_000)] | None = None


class PartyClimbedTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a party turned over in the months of a trial, what that brought, and would have brought by the draft."""

    party: str
    volume_minor: int
    before_minor: int
    after_minor: int


class LadderTrialTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a draft makes of the months from one to another, both included: who would lose most first."""

    from_month: date
    until_month: date
    parties: list[PartyClimbedTold]


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
    untried_because: str | None


class LadderDraftTold(msgspec.Struct, frozen=True, kw_only=True):
    """A draft of a ladder, and what it was tried on as it stands."""

    code: str
    role: Role
    currency: str
    way: LadderWay
    steps: tuple[StepAsk, ...]
    from_month: date
    channels: tuple[str, ...]
    categories: tuple[str, ...]
    comment: str
    saved_at: datetime
    trial: LadderTrialTold | None


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


@told("/ladders/drafts", tag=_TAG, name="list_ladder_drafts")
def list_ladder_drafts(request: AnyRequest, caller: NamedDependency[Caller]) -> list[LadderDraftTold]:
    """List the drafts of ladders by code, with what they were tried on: for who writes them."""
    whole_brand(caller, Permission.SHARING_WRITE, subject=_SUBJECT)
    return read(request, lambda conn, _: _drafts_told(conn, drafts_waiting(conn)))


@posted("/ladders", tag=_TAG, name="draft_ladders", gives=Outcomes[LadderDraftTold])
def draft_ladders(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[LadderAsk]]
) -> Response[bytes]:
    """Save drafts of ladders for the whole brand, one under each code; saved anew, a draft is not tried any more."""
    whole_brand(caller, Permission.SHARING_WRITE, subject=_SUBJECT)

    def decide(conn: Conn, now: datetime) -> list[LadderDraftTold | Refusal]:
        author_id = author_of(conn, caller)
        ids = uuid7s(now, len(data.items))
        asked = [
            _ladder(one, LadderId(one_id), author_id) for one, one_id in zip(data.items, ids, strict=True)
        ]
        saved = save_drafts(conn, asked, seen={one.code: one.saved_at for one in data.items}, now=now)
        return merged(saved, lambda fit: _drafts_told(conn, fit))

    return decided(request, caller, data, decide)


@posted("/ladders/try", tag=_TAG, name="try_ladders", gives=Outcomes[LadderDraftTold])
def try_ladders(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[LadderTry]]
) -> Response[bytes]:
    """Try drafts of ladders on the last months that are over: who would have got what, beside what they brought."""
    whole_brand(caller, Permission.SHARING_WRITE, subject=_SUBJECT)

    def decide(conn: Conn, now: datetime) -> list[LadderDraftTold | Refusal]:
        zone_name = board_setting(conn).zone
        tried = [
            try_ladder(conn, one.code, months=one.months, zone_name=zone_name, now=now) for one in data.items
        ]
        return merged(tried, lambda fit: _drafts_told(conn, fit))

    return decided(request, caller, data, decide)


@posted("/ladders/publish", tag=_TAG, name="publish_ladders", gives=Outcomes[LadderTold])
def publish_ladders(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[LadderPublicationAsk]]
) -> Response[bytes]:
    """Publish drafts of ladders for good, as they were seen and tried: from a month on that has not begun."""
    whole_brand(caller, Permission.SHARING_WRITE, subject=_SUBJECT)

    def decide(conn: Conn, now: datetime) -> list[LadderTold | Refusal]:
        zone_name = board_setting(conn).zone
        today, began = business_day(now, zone_name), month_began(now, zone_name)
        author_id = author_of(conn, caller)
        asked = [
            LadderPublication(
                code=one.code,
                saved_at=one.saved_at,
                published_by=author_id,
                untried_because=one.untried_because,
            )
            for one in data.items
        ]
        made = write_ladders(conn, asked, today=today, now=now, sold_before=began)
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
        steps=_steps(one),
        from_month=one.from_month,
        channels=one.channels,
        categories=one.categories,
        comment=one.comment,
        published_at=one.published_at,
        untried_because=one.untried_because,
    )


def _drafts_told(conn: Conn, drafts: Sequence[LadderDraft]) -> list[LadderDraftTold]:
    party_ids = {party.party_id for one in drafts if one.trial is not None for party in one.trial.parties}
    codes = {party_id: party.code for party_id, party in org.parties_by_id(conn, party_ids).items()}
    return [_draft_told(one, codes) for one in drafts]


def _draft_told(one: LadderDraft, codes: Mapping[PartyId, str]) -> LadderDraftTold:
    ladder = one.ladder
    return LadderDraftTold(
        code=ladder.code,
        role=ladder.role,
        currency=ladder.currency,
        way=ladder.way,
        steps=_steps(ladder),
        from_month=ladder.from_month,
        channels=ladder.channels,
        categories=ladder.categories,
        comment=ladder.comment,
        saved_at=one.saved_at,
        trial=_trial_told(one.trial, codes) if one.trial is not None else None,
    )


def _trial_told(trial: LadderTrial, codes: Mapping[PartyId, str]) -> LadderTrialTold:
    return LadderTrialTold(
        from_month=trial.from_month,
        until_month=trial.until_month,
        parties=[
            PartyClimbedTold(
                party=codes.get(one.party_id, str(one.party_id)),
                volume_minor=one.volume_minor,
                before_minor=one.before_minor,
                after_minor=one.after_minor,
            )
            for one in trial.parties
        ],
    )


def _steps(ladder: NewLadder) -> tuple[StepAsk, ...]:
    return tuple(StepAsk(from_minor=step.from_minor, basis_points=step.basis_points) for step in ladder.steps)


LADDER_HANDLERS = [
    list_ladders,
    list_ladder_drafts,
    draft_ladders,
    try_ladders,
    publish_ladders,
    list_bonuses,
]

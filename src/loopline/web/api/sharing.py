"""The rules that split every line, as versions: drafted, told what is wrong with them, published with effect; and
what each party earned by them.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import LineId, OrderId, PersonId, RuleSetId, uuid7s
from loopline.kernel.refusals import Refusal, Refused
from loopline.kernel.scope import Scope
from loopline.kernel.times import TimeRange
from loopline.org import Party, Permission
from loopline.org import lists as org_lists
from loopline.sharing.model import Base, NewRuleSet, Per, Publication, Role, RuleRow, RuleSet, RuleSetState
from loopline.sharing.publishing import limits_of, problems_of
from loopline.sharing.queries import (
    ShareOfLine,
    SharePlace,
    ShareState,
    rule_sets,
    rule_sets_by_id,
    shares_page,
)
from loopline.sharing.service import publish_rule_sets as write_publications
from loopline.sharing.service import save_drafts
from loopline.web.api.answers import PROBLEMS, AnyRequest, read
from loopline.web.api.caller import Caller, CallerKind, SignInFirst
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.cursors import encode_cursor
from loopline.web.api.refusals import IdNotOfItsTime, NoSuchThing, NotByKey
from loopline.web.api.shapes import (
    Batch,
    Outcomes,
    Page,
    Paging,
    covers_unit,
    decided,
    merged,
    page_of,
    paging,
    posted,
    told,
)
from loopline.web.api.types import BasisPoints, Code, Currency, Minor, Moment, Name

_TAG = "sharing"
_FIRST_DAY, _LAST_DAY = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)
Comment = Annotated[str, Meta(min_length=1, max_length=2_000)]
Region = Annotated[
    str, Meta(pattern=r"^[0-9]{2,6}$(?!\n)", description="A code of GB/T 2260, or how codes begin.")
]
Delivery = Annotated[str, Meta(min_length=1, max_length=64)]
From = Annotated[
    datetime | None,
    QueryParameter(
        name="ordered_from", description="Of lines ordered at this moment or later, with its offset."
    ),
]
Until = Annotated[
    datetime | None,
    QueryParameter(name="ordered_until", description="Of lines ordered before this moment, with its offset."),
]


class RuleRowAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gets how much, and of which lines; a condition that is empty holds for every line.

    `bound` asks whether the member is bound to the party; `regions` are codes of regions or their beginnings,
    `campaigns` codes of live rooms, `owners` codes of the companies whose goods they were; `sold_from` is
    included, `sold_until` is not. Exactly one of: `basis_points` of the `base`, with a floor and a cap for each
    unit; `amount_minor` for each `per`; the `remainder`. `level` 1 is earned by one's own deed, 2 by bringing who
    did it.
    """

    role: Role
    level: Annotated[int, Meta(ge=1, le=9)] = 1
    channels: Annotated[list[Code], Meta(max_length=50)] = []
    categories: Annotated[list[Name], Meta(max_length=50)] = []
    deliveries: Annotated[list[Delivery], Meta(max_length=10)] = []
    regions: Annotated[list[Region], Meta(max_length=100)] = []
    campaigns: Annotated[list[Code], Meta(max_length=50)] = []
    owners: Annotated[list[Code], Meta(max_length=50)] = []
    sold_from: Moment | None = None
    sold_until: Moment | None = None
    bound: bool | None = None
    basis_points: BasisPoints | None = None
    base: Base = Base.NET
    floor_minor: Minor | None = None
    cap_minor: Minor | None = None
    amount_minor: Minor | None = None
    per: Per = Per.UNIT
    remainder: bool = False


class RuleSetAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft: a new one, or (with the `id` of a draft, and its `saved_at` as it was told) all of that draft anew.

    `own_earns`: whether guides, dealers and streamers earn of what they buy themselves.
    """

    currency: Currency
    comment: Comment
    rows: Annotated[list[RuleRowAsk], Meta(min_length=1, max_length=200)]
    id: UUID | None = None
    saved_at: Moment | None = None
    own_earns: bool = False


class LimitTold(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that can take more than a line brings, so that the last of them get less: where a unit brings net less than
    `below_minor`, or net is less than `net_percent` of the list price (0: wherever that is).
    """

    rows: tuple[int, ...]
    below_minor: int
    net_percent: int


class DraftTold(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that is saved, what keeps it from being published, and what has to be accepted to publish it."""

    id: RuleSetId
    version: int
    saved_at: datetime
    problems: list[str]
    limits: list[LimitTold]


class PublicationAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Publish a draft for good that was tried as it stands, with effect from a moment that is not past (null: now).

    `saved_at` as it was told: where the draft was saved later, it is refused. `untried_because` says why it was not
    tried, where nothing was sold yet; `accepts_limits` that it is known where its rows take more than a line brings.
    """

    id: UUID
    saved_at: Moment
    effective_from: Moment | None = None
    untried_because: Annotated[str, Meta(max_length=2_000)] | None = None
    accepts_limits: bool = False


class PublicationTold(msgspec.Struct, frozen=True, kw_only=True):
    """A rule set that is published and stands."""

    id: RuleSetId
    version: int
    effective_from: datetime


class RuleSetTold(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the rules. It counts from `effective_from` until a later one of the same currency does.

    `method` numbers the way of evaluating and rounding. What is published names the trial of its very content, or says
    why there was none.
    """

    id: RuleSetId
    version: int
    state: RuleSetState
    currency: str
    author: str | None
    comment: str
    saved_at: datetime | None
    published_at: datetime | None
    effective_from: datetime | None
    method: int
    own_earns: bool
    trial_id: UUID | None
    untried_because: str | None
    rows: list[RuleRow]


class ShareTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a party earns of one part of a line, by which row of which rules, and what was taken back of it.

    Row 0 is none of the rules': it is paid on top, by a version of the sourcing profile, because the work waited since
    `waited_since`.
    """

    order_id: OrderId
    line_id: LineId
    rule_set_id: RuleSetId
    rule_row: int
    role: Role
    currency: str
    amount_minor: int
    taken_back_minor: int
    due_at: datetime
    state: ShareState
    waited_since: datetime | None
    profile_version: int | None


@posted("/rule-sets", tag=_TAG, name="draft_rule_sets", gives=Outcomes[DraftTold])
def draft_rule_sets(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[RuleSetAsk]]
) -> Response[bytes]:
    """Save drafts of the rules, whole; each is told what keeps it from being published."""
    whole_brand(caller, Permission.SHARING_WRITE, subject=_TAG)

    def decide(conn: Conn, now: datetime) -> Sequence[DraftTold | Refusal]:
        author = author_of(conn, caller)
        judged = [
            _draft(one, made, author=author)
            for one, made in zip(data.items, uuid7s(now, len(data.items)), strict=True)
        ]

        def save(drafts: list[NewRuleSet]) -> list[DraftTold | Refusal]:
            return [
                saved
                if isinstance(saved, Refusal)
                else DraftTold(
                    id=saved.rule_set_id,
                    version=saved.version,
                    saved_at=saved.saved_at,
                    problems=[problem.message() for problem in problems_of(draft.rows)],
                    limits=[
                        msgspec.convert(one, LimitTold, from_attributes=True) for one in limits_of(draft.rows)
                    ],
                )
                for draft, saved in zip(drafts, save_drafts(conn, drafts, now=now), strict=True)
            ]

        return merged(judged, save)

    return decided(request, caller, data, decide)


def author_of(conn: Conn, caller: Caller) -> PersonId:
    """Return who answers for what is written: the person who calls, or who made the key. Raises Refused for
    nobody.
    """
    if caller.person_id is not None:
        return caller.person_id
    if caller.kind is CallerKind.NOBODY:
        raise Refused(SignInFirst())
    made_by = org_lists.maker_of_key(conn, caller.key_id) if caller.key_id is not None else None
    if made_by is None:
        raise Refused(NotByKey())
    return made_by


def _draft(one: RuleSetAsk, made: UUID, *, author: PersonId) -> NewRuleSet | Refusal:
    if one.id is not None and one.id.version != 7:
        return IdNotOfItsTime(id=one.id)
    return NewRuleSet(
        id=RuleSetId(one.id or made),
        currency=one.currency,
        author_id=author,
        comment=one.comment,
        rows=tuple(msgspec.convert(row, RuleRow, from_attributes=True) for row in one.rows),
        saved_at=one.saved_at,
        own_earns=one.own_earns,
    )


@posted("/rule-sets/publish", tag=_TAG, name="publish_rule_sets", gives=Outcomes[PublicationTold])
def publish_rule_sets(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[PublicationAsk]]
) -> Response[bytes]:
    """Publish drafts for good that were tried, in the order given. Only the first rules of a currency may hold from the
    past.
    """
    whole_brand(caller, Permission.SHARING_WRITE, subject=_TAG)

    def decide(conn: Conn, now: datetime) -> Sequence[PublicationTold | Refusal]:
        author = author_of(conn, caller)
        publications = [
            Publication(
                rule_set_id=RuleSetId(one.id),
                effective_from=one.effective_from or now,
                published_by=author,
                saved_at=one.saved_at,
                untried_because=one.untried_because,
                accepts_limits=one.accepts_limits,
            )
            for one in data.items
        ]
        return [
            one
            if isinstance(one, Refusal)
            else PublicationTold(id=one.rule_set_id, version=one.version, effective_from=one.effective_from)
            for one in write_publications(conn, publications, now=now)
        ]

    return decided(request, caller, data, decide)


@told("/rule-sets", tag=_TAG, name="list_rule_sets")
def list_rule_sets(
    request: AnyRequest, caller: NamedDependency[Caller], asked: NamedDependency[Paging]
) -> Page[RuleSetTold]:
    """List the versions of the rules, the latest first: who earns by them may read them."""
    caller.scope(Permission.EARNINGS_READ)
    (before,) = asked.after(int) or (None,)

    def find(conn: Conn, _: datetime) -> Page[RuleSetTold]:
        found = [one for one in rule_sets(conn) if before is None or one.version < before][: asked.at_most]
        authors = org_lists.sign_in_names(conn, [one.author_id for one in found])
        return page_of(
            found,
            asked,
            told=lambda one: _rule_set_told(one, authors=authors),
            cursor=lambda one: encode_cursor(one.version),
        )

    return read(request, find)


@get(
    "/rule-sets/{rule_set_id:uuid}",
    tags=[_TAG],
    operation_id="show_rule_set",
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def show_rule_set(
    request: AnyRequest, caller: NamedDependency[Caller], rule_set_id: FromPath[UUID]
) -> RuleSetTold:
    """Show one version of the rules."""
    caller.scope(Permission.EARNINGS_READ)

    def find(conn: Conn, _: datetime) -> RuleSetTold:
        found = rule_sets_by_id(conn, [RuleSetId(rule_set_id)])
        if not found:
            raise Refused(NoSuchThing(noun="rule set", value=str(rule_set_id)))
        return _rule_set_told(
            found[0], authors=org_lists.sign_in_names(conn, [one.author_id for one in found])
        )

    return read(request, find)


def _rule_set_told(one: RuleSet, *, authors: Mapping[PersonId, str]) -> RuleSetTold:
    return RuleSetTold(
        id=one.id,
        version=one.version,
        state=one.state,
        currency=one.currency,
        author=authors.get(one.author_id),
        comment=one.comment,
        saved_at=one.saved_at,
        published_at=one.published_at,
        effective_from=one.effective_from,
        method=one.method,
        own_earns=one.own_earns,
        trial_id=one.trial_id,
        untried_because=one.untried_because,
        rows=list(one.rows),
    )


def ordered_within(ordered_from: From = None, ordered_until: Until = None) -> TimeRange:
    """Return which lines are asked for, by when they were ordered."""
    start = moment(ordered_from) or _FIRST_DAY
    end = moment(ordered_until)
    # An end before the start asks for nothing, and gets it.
    return TimeRange(start=start, end=None if end is None else max(start + _INSTANT, end))


@get(
    "/parties/{party_code:str}/shares",
    tags=[_TAG],
    operation_id="list_shares",
    sync_to_thread=True,
    responses=dict(PROBLEMS),
    dependencies={
        "asked": Provide(paging, sync_to_thread=False),
        "ordered": Provide(ordered_within, sync_to_thread=False),
    },
)
def list_shares(
    request: AnyRequest,
    caller: NamedDependency[Caller],
    asked: NamedDependency[Paging],
    ordered: NamedDependency[TimeRange],
    party_code: FromPath[Code],
) -> Page[ShareTold]:
    """List what a party earned, line by line, the newest first: one's own, or of a party in one's branch."""
    after = asked.after(UUID, UUID, int)

    def find(conn: Conn, _: datetime) -> Page[ShareTold]:
        party = party_whose_earnings(conn, caller, party_code)
        shares = shares_page(
            conn,
            party.id,
            ordered=ordered,
            after=SharePlace(line_id=LineId(after[0]), part_id=after[1], rule_row=after[2])
            if after
            else None,
            at_most=asked.at_most,
        )
        return page_of(
            shares,
            asked,
            told=_share_told,
            cursor=lambda one: encode_cursor(one.line_id, one.part_id, one.rule_row),
        )

    return read(request, find)


def moment(stated: datetime | None) -> datetime | None:
    """Return a moment a query may name, held within the years that can be reckoned with; no offset is UTC."""
    if stated is None:
        return None
    aware = stated if stated.tzinfo is not None else stated.replace(tzinfo=UTC)
    return min(max(aware, _FIRST_DAY), _LAST_DAY)


def party_whose_earnings(conn: Conn, caller: Caller, party_code: str) -> Party:
    """Return a party whose earnings the caller may see. Raises Refused: whether there is such a party is not told.

    Whoever earned sees it without any permission; a branch sees the parties of its units.
    """
    party = org.parties_by_code(conn, [party_code]).get(party_code)
    is_own = party is not None and party.person_id is not None and party.person_id == caller.person_id
    if not is_own:
        scope: Scope = caller.scope(Permission.EARNINGS_READ)
        if party is None or not covers_unit(scope, party.unit_id):
            raise Refused(NoSuchThing(noun="party", value=party_code))
    assert party is not None
    return party


def _share_told(one: ShareOfLine) -> ShareTold:
    return ShareTold(
        order_id=one.order_id,
        line_id=one.line_id,
        rule_set_id=one.rule_set_id,
        rule_row=one.rule_row,
        role=one.role,
        currency=one.currency,
        amount_minor=one.amount_minor,
        taken_back_minor=one.cancelled_minor + one.clawed_back_minor,
        due_at=one.due_at,
        state=one.state,
        waited_since=one.waited_since,
        profile_version=one.waited_version,
    )


SHARING_HANDLERS = [
    draft_rule_sets,
    publish_rule_sets,
    list_rule_sets,
    show_rule_set,
    list_shares,
]

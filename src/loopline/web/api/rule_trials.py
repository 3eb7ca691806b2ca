"""Trials of the rules: a draft over what was sold, per party, beside what was earned."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from loopline import org
from loopline.db import Conn
from loopline.kernel.ids import PartyId, RuleSetId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.org import Permission
from loopline.sharing.model import Role
from loopline.sharing.trials import AskedTrial, TrialAsk, ask_trials, trials_of
from loopline.web.api.answers import PROBLEMS, AnyRequest, read
from loopline.web.api.caller import Caller
from loopline.web.api.catalogue import whole_brand
from loopline.web.api.shapes import Batch, Outcomes, decided, posted
from loopline.web.api.sharing import author_of
from loopline.web.api.types import Moment

_TAG = "sharing"
_SHOWN = 20


class RuleTrialAsk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Try a rule set, draft or published, on what was sold from a moment, included, until another, excluded."""

    rule_set_id: UUID
    sold_from: Moment
    sold_until: Moment


class RuleTrialTold(msgspec.Struct, frozen=True, kw_only=True):
    """A trial that waits for its turn."""

    id: UUID


class PartyTriedTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a party earned of what was sold, and would have earned."""

    party: str
    before_minor: int
    after_minor: int


class RoleTriedTold(msgspec.Struct, frozen=True, kw_only=True):
    """What all parties together would have earned in a role, of how many parts of lines."""

    role: Role
    after_minor: int
    parts: int


class RuleTrialStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How a trial stands: `parts` it tried, `parts_changed` that would be split otherwise, `untold` and `refused`
    left out.

    `row_parts`: of how many parts each row decided. Before it has ended, `done_parts` of `all_parts` are tried.
    """

    id: UUID
    sold_from: datetime
    sold_until: datetime
    asked_at: datetime
    done_parts: int
    all_parts: int | None
    ended_at: datetime | None
    failure: str | None
    currency: str | None
    parts: int | None
    parts_changed: int | None
    untold: int | None
    refused: int | None
    base_minor: int | None
    parties: Annotated[list[PartyTriedTold], Meta(description="Who would lose most first.")]
    roles: list[RoleTriedTold]
    row_parts: list[int]


class RuleTrials(msgspec.Struct, frozen=True, kw_only=True):
    """The latest trials of a rule set."""

    items: list[RuleTrialStanding]


@posted("/rule-sets/trials", tag=_TAG, name="try_rule_sets", gives=Outcomes[RuleTrialTold])
def try_rule_sets(
    request: AnyRequest, caller: NamedDependency[Caller], data: JSONBody[Batch[RuleTrialAsk]]
) -> Response[bytes]:
    """Ask for trials of rule sets on the past; they are run one after the other, and change nothing."""
    whole_brand(caller, Permission.SHARING_WRITE, subject=_TAG)

    def decide(conn: Conn, now: datetime) -> Sequence[RuleTrialTold | Refusal]:
        author = author_of(conn, caller)
        asks = [
            TrialAsk(
                id=trial_id,
                rule_set_id=RuleSetId(one.rule_set_id),
                sold_from=one.sold_from,
                sold_until=one.sold_until,
                asked_by=author,
            )
            for one, trial_id in zip(data.items, uuid7s(now, len(data.items)), strict=True)
        ]
        return [
            one if isinstance(one, Refusal) else RuleTrialTold(id=one.trial_id)
            for one in ask_trials(conn, asks, now=now)
        ]

    return decided(request, caller, data, decide)


@get(
    "/rule-sets/{rule_set_id:uuid}/trials",
    tags=[_TAG],
    operation_id="list_rule_trials",
    sync_to_thread=True,
    responses=dict(PROBLEMS),
)
def list_rule_trials(
    request: AnyRequest, caller: NamedDependency[Caller], rule_set_id: FromPath[UUID]
) -> RuleTrials:
    """List the latest trials of a rule set, with what every party would win or lose: for who writes the rules."""
    whole_brand(caller, Permission.SHARING_WRITE, subject=_TAG)

    def find(conn: Conn, _: datetime) -> RuleTrials:
        found = trials_of(conn, [RuleSetId(rule_set_id)], limit=_SHOWN)
        codes = {party.id: party.code for party in org.branch_parties(conn)}
        return RuleTrials(items=[_standing(one, codes) for one in found])

    return read(request, find)


def _standing(one: AskedTrial, codes: Mapping[PartyId, str]) -> RuleTrialStanding:
    result = one.result
    return RuleTrialStanding(
        id=one.id,
        sold_from=one.sold_from,
        sold_until=one.sold_until,
        asked_at=one.asked_at,
        done_parts=one.done_parts,
        all_parts=one.all_parts,
        ended_at=one.ended_at,
        failure=one.failure,
        currency=result.currency if result else None,
        parts=result.parts if result else None,
        parts_changed=result.parts_changed if result else None,
        untold=result.untold if result else None,
        refused=result.refused if result else None,
        base_minor=result.base_minor if result else None,
        parties=[
            PartyTriedTold(
                party=codes.get(party.party_id, str(party.party_id)),
                before_minor=party.before_minor,
                after_minor=party.after_minor,
            )
            for party in (result.parties if result else ())
        ],
        roles=[
            RoleTriedTold(role=role.role, after_minor=role.after_minor, parts=role.parts)
            for role in (result.roles if result else ())
        ],
        row_parts=list(result.row_parts) if result else [],
    )


RULE_TRIAL_HANDLERS = [try_rule_sets, list_rule_trials]

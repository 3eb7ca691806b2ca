"""Bonus: what a month's turnover brings beside the shares of lines, given when nothing of it may come back any more.

Evaluated again for two years: what comes back later changes what the month comes to, and the difference is
given or taken back, into debt if need be. The lines' own shares and their reversals know nothing of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

import msgspec

from loopline.db import Conn
from loopline.kernel.ids import EntityId, EntryId, PartyId, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import TimeRange, business_day, day_range
from loopline.ledger import service as ledger
from loopline.ledger.model import EntryKind, NewEntry, Posting, Purpose
from loopline.processes.accounts import Accounts
from loopline.processes.outcomes import all_granted
from loopline.sharing import ladders, trials
from loopline.sharing.ladder_drafts import (
    MONTHS_TRIED_MOST,
    LadderDraft,
    LadderNotDrafted,
    LadderSavedMeanwhile,
    NoMonthToTry,
    drafts_waiting,
    keep_trial,
    trial_of,
)
from loopline.sharing.ladders import Evaluation, Given, Ladder, NewLadder, Standing, Turnover

MONTHS_LOOKED_BACK = 24
_Key = tuple[PartyId, EntityId, PartyId]


def months_to_evaluate(now: datetime, zone_name: str) -> list[date]:
    """Return the first days of the months that are over and may still change, the latest first."""
    month = business_day(now, zone_name).replace(day=1)
    found: list[date] = []
    for _ in range(MONTHS_LOOKED_BACK):
        month = (month - timedelta(days=1)).replace(day=1)
        found.append(month)
    return found


def evaluate_month(conn: Conn, month: date, *, zone_name: str, now: datetime) -> int:
    """Give, or take back, what a month comes to on its ladders by now; returns how many amounts changed.

    A party of whose parts some may still come back is left for later, unless something was given before. Idempotent:
    where nothing changed nothing is written. Locks the turn of ladders, then keys of entries.
    """
    ladders.take_turn(conn)
    found: list[Evaluation] = []
    holding = ladders.ladders_in(ladders.all_ladders(conn), month)
    turned = ladders.turnovers(conn, holding, during=month_range(month, zone_name))
    for ladder in holding:
        given = {_key(one): one for one in ladders.given_for(conn, ladder.id, month)}
        found += _changes(ladder, month, turned[ladder.id], given, now=now)
    ladders.keep_evaluations(conn, found)
    _post(conn, found, now=now)
    return len(found)


def standings(
    conn: Conn, party_ids: Sequence[PartyId], *, month: date, zone_name: str, now: datetime
) -> list[Standing]:
    """Return how parties stand on the ladders of a month, as of now; without a turnover they are left out."""
    is_over = business_day(now, zone_name).replace(day=1) > month
    found: list[Standing] = []
    holding = ladders.ladders_in(ladders.all_ladders(conn), month)
    turned = ladders.turnovers(conn, holding, during=month_range(month, zone_name), party_ids=party_ids)
    for ladder in holding:
        for party_id, of_party in groupby(turned[ladder.id], key=lambda one: one.party_id):
            mine = list(of_party)
            volume = sum(one.volume_minor for one in mine)
            found.append(
                Standing(
                    ladder=ladder,
                    party_id=party_id,
                    volume_minor=volume,
                    bonus_minor=ladders.bonus_of(ladder, volume),
                    is_open=not is_over or any(one.pending_parts for one in mine),
                )
            )
    return found


def try_ladder(conn: Conn, code: str, *, months: int, zone_name: str, now: datetime) -> LadderDraft | Refusal:
    """Try the draft under a code on the last months that are over, by the code that gives the bonus; keeps the trial.

    What those months brought is reckoned anew by the ladder of the code that held in them, for what is left of their
    turnover by now.
    """
    waiting = drafts_waiting(conn, sold_before=month_began(now, zone_name))
    draft = next((one for one in waiting if one.ladder.code == code), None)
    if draft is None:
        return LadderNotDrafted(ladder=code)
    tried = months_to_evaluate(now, zone_name)[:months][::-1]
    if not 1 <= months <= MONTHS_TRIED_MOST or not _was_sold(conn, draft, tried, zone_name=zone_name):
        return NoMonthToTry(ladder=code)
    standing = [one for one in ladders.all_ladders(conn) if one.code == code]
    climbed: list[tuple[PartyId, int, int, int]] = []
    for month in tried:  # a statement for each month: at most twelve
        climbed += _climbed(conn, draft.ladder, standing, month, zone_name=zone_name, now=now)
    trial = trial_of(climbed, from_month=tried[0], until_month=tried[-1])
    if not keep_trial(conn, draft, trial):
        return LadderSavedMeanwhile(ladder=code)
    return msgspec.structs.replace(draft, trial=trial)


def _was_sold(conn: Conn, draft: LadderDraft, months: Sequence[date], *, zone_name: str) -> bool:
    """Whether anything was sold in some months in the currency of a draft: a trial of nothing shows nothing."""
    sold = TimeRange(
        start=month_range(months[0], zone_name).start, end=month_range(months[-1], zone_name).end
    )
    return trials.was_sold(conn, sold=sold, currency=draft.ladder.currency)


def _climbed(  # noqa: PLR0913 - what is tried against what, and on which month
    conn: Conn,
    tried: NewLadder,
    standing: Sequence[Ladder],
    month: date,
    *,
    zone_name: str,
    now: datetime,
) -> Iterator[tuple[PartyId, int, int, int]]:
    """What each party turned over in a month by the ladder that is tried, what the month brought, and would have."""
    would = Ladder(**msgspec.structs.asdict(tried), published_at=now)
    held = ladders.ladders_in(standing, month)
    turned = ladders.turnovers(conn, [would, *held], during=month_range(month, zone_name))
    volumes = {one.id: _volumes(turned[one.id]) for one in (would, *held)}
    for party_id in dict.fromkeys(party_id for one in volumes.values() for party_id in one):
        yield (
            party_id,
            volumes[would.id].get(party_id, 0),
            sum(ladders.bonus_of(one, volumes[one.id].get(party_id, 0)) for one in held),
            ladders.bonus_of(would, volumes[would.id].get(party_id, 0)),
        )


def _volumes(turned: Sequence[Turnover]) -> dict[PartyId, int]:
    found: dict[PartyId, int] = {}
    for one in turned:
        found[one.party_id] = found.get(one.party_id, 0) + one.volume_minor
    return found


def month_began(now: datetime, zone_name: str) -> datetime:
    """Return when the month that goes on began in a zone: what was sold before can be tried."""
    return month_range(business_day(now, zone_name).replace(day=1), zone_name).start


def month_range(month: date, zone_name: str) -> TimeRange:
    """Return the time of a month, given by its first day, in a zone."""
    following = (month + timedelta(days=31)).replace(day=1)
    return TimeRange(start=day_range(month, zone_name).start, end=day_range(following, zone_name).start)


def _changes(
    ladder: Ladder,
    month: date,
    turned: Sequence[Turnover],
    given: Mapping[_Key, Given],
    *,
    now: datetime,
) -> list[Evaluation]:
    """What differs from what was given, party by party; whoever turned over nothing any more gives all of it back."""
    wanted: dict[_Key, tuple[int, int]] = {}
    waiting: set[PartyId] = set()
    had = {party_id for party_id, _, _ in given}
    for party_id, of_party in groupby(turned, key=lambda one: one.party_id):
        mine = list(of_party)
        if party_id not in had and any(one.pending_parts for one in mine):
            waiting.add(party_id)
            continue
        for one, bonus in zip(mine, ladders.bonuses_of(ladder, mine), strict=True):
            wanted[_key(one)] = (one.volume_minor, bonus)
    keys = list(dict.fromkeys([*wanted, *given]))
    changes: list[Evaluation] = []
    for key, evaluation_id in zip(keys, uuid7s(now, len(keys)), strict=True):
        volume, bonus = wanted.get(key, (0, 0))
        before = given.get(key)
        change = bonus - (before.given_minor if before is not None else 0)
        if change and key[0] not in waiting:
            changes.append(
                Evaluation(
                    id=evaluation_id,
                    ladder_id=ladder.id,
                    party_id=key[0],
                    entity_id=key[1],
                    funder_id=key[2],
                    currency=ladder.currency,
                    month=month,
                    number=1 + (before.evaluations if before is not None else 0),
                    volume_minor=volume,
                    bonus_minor=bonus,
                    change_minor=change,
                    at=now,
                )
            )
    return changes


def _key(one: Turnover | Given) -> _Key:
    return one.party_id, one.entity_id, one.funder_id


def _post(conn: Conn, evaluations: Sequence[Evaluation], *, now: datetime) -> None:
    accounts = Accounts(conn, now=now)
    slots = [
        tuple(
            accounts.ask(one.entity_id, Purpose.SHARE_DUE, one.currency, party_id)
            for party_id in (one.funder_id, one.party_id)
        )
        for one in evaluations
    ]
    accounts.open()
    entries = [
        NewEntry(
            id=EntryId(entry_id),
            kind=EntryKind.BONUS,
            subject=one.party_id,
            at=now,
            key=f"bonus:{one.id}",
            postings=(
                Posting(part_id=one.id, account_id=accounts.id_of(funder), amount_minor=one.change_minor),
                Posting(part_id=one.id, account_id=accounts.id_of(party), amount_minor=-one.change_minor),
            ),
        )
        for one, (funder, party), entry_id in zip(
            evaluations, slots, uuid7s(now, len(evaluations)), strict=True
        )
    ]
    all_granted(ledger.post_entries(conn, entries))

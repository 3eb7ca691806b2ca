"""The life of a ladder: drafted under its code, tried on months of the past, published as it was seen and tried.

A draft that is saved anew is not tried any more. A ladder that was published never changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import msgspec

from loopline.db import Conn, execute, fetch, statements
from loopline.kernel.ids import PartyId, PersonId
from loopline.kernel.refusals import Refusal
from loopline.sharing.ladders import Ladder, NewLadder, all_ladders, misshapen_field

SQL = statements(__file__)
MONTHS_TRIED_MOST = 12


class PartyClimbed(msgspec.Struct, frozen=True, kw_only=True):
    """What a party turned over in the months of a trial, what it brought by the ladders of their time, and by this."""

    party_id: PartyId
    volume_minor: int
    before_minor: int
    after_minor: int


class LadderTrial(msgspec.Struct, frozen=True, kw_only=True):
    """What a ladder makes of some months of the past; `until_month` is the last of them. Who would lose most first."""

    from_month: date
    until_month: date
    parties: tuple[PartyClimbed, ...]


class LadderDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A draft as it waits, and what it was tried on as it stands. `has_history`: whether anything was sold before."""

    ladder: NewLadder
    saved_at: datetime
    trial: LadderTrial | None
    has_history: bool


class LadderPublication(msgspec.Struct, frozen=True, kw_only=True):
    """Publish the draft under a code that was saved at a moment.

    `untried_because`: why it was not tried, where no month is over yet in which anything was sold.
    """

    code: str
    saved_at: datetime
    published_by: PersonId
    untried_because: str | None = None


class _Kept(NewLadder, frozen=True, kw_only=True):
    """A draft as it is kept."""

    saved_at: datetime
    trial: LadderTrial | None
    has_history: bool


class LadderMisshapen(Refusal, frozen=True, kw_only=True):
    """{field} of ladder {ladder} makes no sense: steps rise, rates are 0 to 100 %, months begin on their first day."""

    ladder: str
    field: str


class LadderTooLate(Refusal, frozen=True, kw_only=True):
    """Ladder {ladder} is to hold from {from_month}, but that month has begun: whoever sells has to know it before."""

    ladder: str
    from_month: date


class LadderStandsAlready(Refusal, frozen=True, kw_only=True):
    """Ladder {ladder} from {from_month} is published already and does not change."""

    ladder: str
    from_month: date


class LadderNotDrafted(Refusal, frozen=True, kw_only=True):
    """No draft of ladder {ladder} waits."""

    ladder: str


class LadderSavedMeanwhile(Refusal, frozen=True, kw_only=True):
    """Ladder {ladder} was saved anew after you saw it: look at it again first."""

    ladder: str


class LadderNotTried(Refusal, frozen=True, kw_only=True):
    """Ladder {ladder} was not tried as it stands: try it on past months, then publish it."""

    ladder: str


class SayWhyLadderUntried(Refusal, frozen=True, kw_only=True):
    """Nothing was sold yet that ladder {ladder} could be tried on: say why it is published untried."""

    ladder: str


class NoMonthToTry(Refusal, frozen=True, kw_only=True):
    """Ladder {ladder} can be tried on 1 to {most} months that are over and in which something was sold."""

    ladder: str
    most: int = MONTHS_TRIED_MOST


def save_drafts(
    conn: Conn,
    drafts: Sequence[NewLadder],
    *,
    seen: Mapping[str, datetime | None],
    now: datetime,
) -> list[LadderDraft | Refusal]:
    """Save drafts, one under each code: a new one, or all of one that waits anew; then it is not tried any more.

    `seen` says, by code, when the draft that was looked at was saved (None: there was none).
    """
    _lock(conn)
    waiting = {one.ladder.code: one for one in drafts_waiting(conn)}
    refusals = [_refuse_draft(one, waiting.get(one.code), seen.get(one.code)) for one in drafts]
    fit = {one.code: one for one, refusal in zip(drafts, refusals, strict=True) if refusal is None}
    if fit:
        rows = msgspec.json.encode(list(fit.values())).decode()
        execute(conn, SQL["put_drafts"], drafts=rows, saved_at=now)
    saved = {one.ladder.code: one for one in drafts_waiting(conn)} if fit else {}
    return [
        refusal if refusal is not None else saved[one.code]
        for one, refusal in zip(drafts, refusals, strict=True)
    ]


def keep_trial(conn: Conn, draft: LadderDraft, trial: LadderTrial) -> bool:
    """Keep what a draft was tried on; False where it was saved anew meanwhile, or does not wait any more."""
    return bool(
        execute(
            conn,
            SQL["keep_trial"],
            code=draft.ladder.code,
            saved_at=draft.saved_at,
            trial=msgspec.json.encode(trial).decode(),
        )
    )


def publish_ladders(
    conn: Conn,
    publications: Sequence[LadderPublication],
    *,
    today: date,
    now: datetime,
    sold_before: datetime | None = None,
) -> list[Ladder | Refusal]:
    """Publish drafts for good as they were seen and tried, one outcome each; `today` is that of the brand.

    They need a trial where anything was sold `sold_before`: before the brand's month began (None: ever).
    One at a time: of two who publish, or save, at once the second is judged by what the first did.
    """
    _lock(conn)
    waiting = {one.ladder.code: one for one in drafts_waiting(conn, sold_before=sold_before)}
    standing = {(one.code, one.from_month) for one in all_ladders(conn)}
    outcomes: list[Ladder | Refusal] = []
    going: list[Ladder] = []
    for asked in publications:
        draft = waiting.get(asked.code)
        refusal = _refuse_publication(asked, draft, standing=standing, today=today)
        if refusal is not None or draft is None:
            outcomes.append(refusal or LadderNotDrafted(ladder=asked.code))
            continue
        published = Ladder(
            **msgspec.structs.asdict(draft.ladder),
            published_at=now,
            untried_because=None if draft.trial is not None else _reason(asked),
        )
        execute(
            conn, SQL["publish_draft"], **_columns(published, asked)
        )  # one statement for each: a few at most
        del waiting[asked.code]
        standing.add((published.code, published.from_month))
        going.append(published)
        outcomes.append(published)
    if going:
        execute(conn, SQL["delete_drafts"], codes=[one.code for one in going])
    return outcomes


def drafts_waiting(conn: Conn, *, sold_before: datetime | None = None) -> list[LadderDraft]:
    """Return every draft, by code, and whether anything was sold before a moment (None: ever). Locks nothing."""
    return [
        LadderDraft(
            ladder=NewLadder(**{name: getattr(one, name) for name in NewLadder.__struct_fields__}),
            saved_at=one.saved_at,
            trial=one.trial,
            has_history=one.has_history,
        )
        for one in fetch(conn, SQL["drafts_waiting"], _Kept, sold_before=sold_before)
    ]


def trial_of(
    climbed: Iterable[tuple[PartyId, int, int, int]], *, from_month: date, until_month: date
) -> LadderTrial:
    """Add up what parties turned over, and what it brought and would have: (party, volume, before, after) by month."""
    sums: dict[PartyId, list[int]] = {}
    for party_id, *amounts in climbed:
        of_party = sums.setdefault(party_id, [0, 0, 0])
        for place, amount in enumerate(amounts):
            of_party[place] += amount
    parties = [
        PartyClimbed(party_id=party_id, volume_minor=volume, before_minor=before, after_minor=after)
        for party_id, (volume, before, after) in sums.items()
    ]
    parties.sort(key=lambda one: (one.after_minor - one.before_minor, one.party_id))
    return LadderTrial(from_month=from_month, until_month=until_month, parties=tuple(parties))


def _lock(conn: Conn) -> None:
    execute(conn, SQL["take_turn"])


def _refuse_draft(one: NewLadder, waits: LadderDraft | None, seen: datetime | None) -> Refusal | None:
    if (field := misshapen_field(one)) is not None:
        return LadderMisshapen(ladder=one.code, field=field)
    if seen != (None if waits is None else waits.saved_at):
        return LadderSavedMeanwhile(ladder=one.code)
    return None


def _refuse_publication(
    asked: LadderPublication, draft: LadderDraft | None, *, standing: set[tuple[str, date]], today: date
) -> Refusal | None:
    if draft is None:
        return LadderNotDrafted(ladder=asked.code)
    from_month = draft.ladder.from_month
    checks: Sequence[tuple[bool, Refusal]] = (
        (draft.saved_at != asked.saved_at, LadderSavedMeanwhile(ladder=asked.code)),
        ((asked.code, from_month) in standing, LadderStandsAlready(ladder=asked.code, from_month=from_month)),
        (from_month <= today.replace(day=1), LadderTooLate(ladder=asked.code, from_month=from_month)),
        (draft.trial is None and draft.has_history, LadderNotTried(ladder=asked.code)),
        (draft.trial is None and _reason(asked) is None, SayWhyLadderUntried(ladder=asked.code)),
    )
    return next((refusal for is_so, refusal in checks if is_so), None)


def _reason(asked: LadderPublication) -> str | None:
    return (asked.untried_because or "").strip() or None


def _columns(published: Ladder, asked: LadderPublication) -> dict[str, object]:
    return {
        "code": published.code,
        "published_by": asked.published_by,
        "published_at": published.published_at,
        "untried_because": published.untried_because,
    }

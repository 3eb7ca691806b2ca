"""A line is questioned, answered and decided; a correction is two entries, goes back with its return, and is kept."""

from uuid import UUID

import msgspec
import pytest

from loopline.db import Conn, Database
from loopline.kernel.ids import DisputeId, EntryId, PersonId, uuid7
from loopline.ledger.model import Purpose
from loopline.processes.doctor import BETWEEN_ROOMS, examine
from loopline.processes.statement.dispute import Question, Said, question, speak
from loopline.processes.statement.reading import lines_between, statement_of
from loopline.statements import disputes
from loopline.statements.model import (
    CorrectionMakesNoSense,
    Dispute,
    DisputeIsDecided,
    DisputeOpened,
    DisputeState,
    DisputeUnknown,
    Line,
    LineNotThere,
    LineQuestionedAlready,
    NothingLeftToCorrect,
    OnlySharesAreCorrected,
    WordKind,
    WordsMissing,
)
from tests.make.loop import balances
from tests.make.shop import NOON, Shop, open_shop
from tests.make.statements import DAY, bring_back, sell

GUIDE_PERSON = PersonId(UUID(int=7 << 64))
FINANCE = PersonId(UUID(int=8 << 64))
LATER = NOON + 2 * DAY


@pytest.fixture
def shop(database: Database) -> Shop:
    with database.transaction() as conn:
        made = open_shop(conn, units=20)
    sell(database, made, "W-1", ("COAT", 4), at=NOON)
    return made


def lines_of(conn: Conn, shop: Shop) -> list[Line]:
    first, last = NOON.date(), (NOON + 60 * DAY).date()
    return [one.line for one in lines_between(conn, shop.parties["GUIDE"], first_day=first, last_day=last)]


def asked(shop: Shop, line: Line, said: str = "Why 3 %?") -> Question:
    return Question(
        party_id=shop.parties["GUIDE"],
        entry_id=line.entry_id,
        part_id=line.part_id,
        currency=line.currency,
        entity_id=line.entity_id,
        said=said,
    )


def opened(database: Database, shop: Shop, place: int = 0) -> DisputeId:
    with database.transaction() as conn:
        (outcome,) = question(conn, [asked(shop, lines_of(conn, shop)[place])], by=GUIDE_PERSON, now=LATER)
    assert isinstance(outcome, DisputeOpened), outcome
    return outcome.dispute_id


def say(
    database: Database, dispute_id: DisputeId, kind: WordKind, corrected_minor: int | None = None
) -> object:
    said = Said(dispute_id=dispute_id, kind=kind, said=f"a {kind.value}", corrected_minor=corrected_minor)
    by = GUIDE_PERSON if kind in {WordKind.REPLY, WordKind.WITHDRAWAL} else FINANCE
    with database.transaction() as conn:
        return speak(conn, said, by=by, now=LATER)


def due_of(database: Database, shop: Shop) -> tuple[int, int]:
    with database.reading() as conn:
        found = statement_of(
            conn, shop.parties["GUIDE"], first_day=NOON.date(), last_day=(NOON + 60 * DAY).date()
        )
    (balance,) = found.balances
    return balance.closing.pending_minor, balance.closing.due_minor


def broken(database: Database) -> list[str]:
    with database.reading() as conn:
        report = examine(conn, checks=[one for one in BETWEEN_ROOMS if "equal" in one.name])
    return [check.name for check in report.checks if not check.ok]


def test_everything_that_is_said_is_kept_in_order(database: Database, shop: Shop):
    dispute_id = opened(database, shop)
    for kind in (WordKind.ANSWER, WordKind.REPLY, WordKind.ANSWER, WordKind.REJECTION):
        assert isinstance(say(database, dispute_id, kind), Dispute)
    with database.reading() as conn:
        words = disputes.words_of(conn, dispute_id)
        (found,) = disputes.disputes_by_id(conn, [dispute_id])
        told = conn.execute(
            "select type from log.event where subject = %s order by position", (dispute_id,)
        ).fetchall()
    assert [(one.number, one.kind.value) for one in words] == [
        (1, "question"), (2, "answer"), (3, "reply"), (4, "answer"), (5, "rejection"),
    ]  # fmt: skip
    assert (found.state, found.decided_by) == (DisputeState.REJECTED, FINANCE)
    assert [name for (name,) in told] == ["line_questioned", *["dispute_moved"] * 4]
    assert say(database, dispute_id, WordKind.REPLY) == DisputeIsDecided(state=DisputeState.REJECTED)
    assert due_of(database, shop) == (1_200, 0)


def test_a_correction_takes_the_line_back_and_gives_it_anew(database: Database, shop: Shop):
    dispute_id = opened(database, shop)
    outcome = say(database, dispute_id, WordKind.CORRECTION, 1_500)
    assert isinstance(outcome, Dispute)
    assert outcome.state is DisputeState.CORRECTED
    with database.reading() as conn:
        back, anew = lines_of(conn, shop)[-2:]
    assert (back.entry_id, back.due_minor, back.kind) == (outcome.reversal_entry_id, -1_200, "adjustment")
    assert (anew.entry_id, anew.due_minor) == (outcome.correction_entry_id, 1_500)
    assert back.order_number == anew.order_number is not None
    assert due_of(database, shop) == (1_200, 300)
    assert broken(database) == []
    assert isinstance(say(database, dispute_id, WordKind.CORRECTION, 1_600), DisputeIsDecided)
    assert due_of(database, shop) == (1_200, 300)


def test_what_comes_back_takes_its_part_of_the_correction_along(database: Database, shop: Shop):
    dispute_id = opened(database, shop)
    bring_back(database, shop, "R-1", ("COAT", 1), at=NOON + DAY)
    say(database, dispute_id, WordKind.CORRECTION, 1_501)
    assert due_of(database, shop) == (900, 226)  # three quarters of 1,501 less 900
    bring_back(database, shop, "R-2", ("COAT", 1), at=LATER + DAY)
    assert broken(database) == []
    bring_back(database, shop, "R-3", ("COAT", 2), at=LATER + 2 * DAY)
    assert due_of(database, shop) == (0, 0)
    assert broken(database) == []
    with database.reading() as conn:
        left = balances(conn)
    assert left.get(Purpose.SHARING_COST.value) is None


def test_a_correction_is_a_line_and_can_be_questioned_in_its_turn(database: Database, shop: Shop):
    first = opened(database, shop)
    say(database, first, WordKind.CORRECTION, 1_500)
    with database.transaction() as conn:
        (line, *_) = lines_of(conn, shop)
        again = question(conn, [asked(shop, line)], by=GUIDE_PERSON, now=LATER)
    assert again == [LineQuestionedAlready(entry_id=line.entry_id)]
    second = opened(database, shop, place=2)
    say(database, second, WordKind.CORRECTION, 1_400)
    assert due_of(database, shop) == (1_200, 200)
    bring_back(database, shop, "R-1", ("COAT", 4), at=LATER + DAY)
    assert due_of(database, shop) == (0, 0)
    assert broken(database) == []


@pytest.mark.parametrize("corrected_minor", [-1, 40_001, 1_200])
def test_a_line_cannot_come_to_less_than_nothing_or_more_than_its_base(
    database: Database, shop: Shop, corrected_minor: int
):
    dispute_id = opened(database, shop)
    outcome = say(database, dispute_id, WordKind.CORRECTION, corrected_minor)
    assert outcome == CorrectionMakesNoSense(corrected_minor=corrected_minor, most_minor=40_000)
    assert due_of(database, shop) == (1_200, 0)
    with database.reading() as conn:
        assert len(disputes.words_of(conn, dispute_id)) == 1


def test_nothing_is_corrected_of_what_came_back_whole(database: Database, shop: Shop):
    dispute_id = opened(database, shop)
    bring_back(database, shop, "R-1", ("COAT", 4), at=NOON + DAY)
    assert isinstance(say(database, dispute_id, WordKind.CORRECTION, 1_500), NothingLeftToCorrect)
    reversal = opened(database, shop, place=1)
    assert say(database, reversal, WordKind.CORRECTION, 1_500) == OnlySharesAreCorrected()


def test_no_line_is_of_an_entry_of_a_far_year(database: Database, shop: Shop):
    with database.transaction() as conn:
        line = lines_of(conn, shop)[0]
        far = EntryId(UUID(int=line.entry_id.int | ((1 << 48) - 1) << 80))
        asked_of = msgspec.structs.replace(asked(shop, line), entry_id=far)
        assert question(conn, [asked_of], by=GUIDE_PERSON, now=LATER) == [LineNotThere(entry_id=far)]


def test_a_line_is_questioned_once_at_a_time_and_only_by_its_party(database: Database, shop: Shop):
    dispute_id = opened(database, shop)
    with database.transaction() as conn:
        (line, *_) = lines_of(conn, shop)
        ghost = EntryId(uuid7(NOON))
        of_other = asked(shop, line)
        outcomes = question(
            conn,
            [
                of_other,
                msgspec.structs.replace(of_other, party_id=shop.parties["DEALER"]),
                msgspec.structs.replace(of_other, entry_id=ghost),
                msgspec.structs.replace(of_other, said="  "),
            ],
            by=GUIDE_PERSON,
            now=LATER,
        )
    assert outcomes == [
        LineQuestionedAlready(entry_id=line.entry_id),
        LineNotThere(entry_id=line.entry_id),
        LineNotThere(entry_id=ghost),
        WordsMissing(),
    ]
    assert isinstance(say(database, dispute_id, WordKind.WITHDRAWAL), Dispute)
    assert isinstance(opened(database, shop), UUID)
    unknown = DisputeId(uuid7(NOON))
    assert say(database, unknown, WordKind.ANSWER) == DisputeUnknown(dispute_id=unknown)

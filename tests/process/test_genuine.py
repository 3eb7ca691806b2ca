"""Codes of single units: what is told of one, how often it was scanned, and that nobody finds one by guessing."""

import threading
from datetime import timedelta
from uuid import UUID, uuid4

from loopline.db import Conn, Database
from loopline.kernel.ids import SkuId
from loopline.kernel.refusals import Refusal
from loopline.processes.recall import recall
from loopline.processes.touch import Scanned, UnitFound, UnitUnknown, scan_unit
from loopline.stock import lots
from loopline.stock.lots import LotChoice, NewLot
from loopline.touchpoints import DigitalLink, TooManyGuesses, sweep_guesses
from loopline.touchpoints.units import GUESSES_AN_HOUR_MAX, PHONES_USUAL_MAX
from tests.make.org import succeeded
from tests.make.shop import NOON, open_shop
from tests.make.touchpoints import scan_of

GTIN = "09520123456788"
HERE, THERE = b"here", b"there"
PHONE = UUID(int=7)


def open_with_units(conn: Conn) -> SkuId:
    """Coats are kept by unit, two of them known by now; scarves by batch."""
    shop = open_shop(conn, units=0)
    conn.execute("update catalogue.sku set gtin = %s where code = 'COAT'", (GTIN,))
    conn.execute("update catalogue.sku set gtin = '06901234567892' where code = 'SCARF'")
    new = [
        NewLot(sku_id=shop.skus["COAT"], code="U-1", batch="B-1", is_serial=True),
        NewLot(sku_id=shop.skus["COAT"], code="U-2", is_serial=True),
        NewLot(sku_id=shop.skus["COAT"], code="B-9"),
        NewLot(sku_id=shop.skus["SCARF"], code="S-1"),
    ]
    succeeded(lots.name_lots(conn, new, now=NOON))
    return shop.skus["COAT"]


def look(
    conn: Conn,
    serial: str = "U-1",
    *,
    phone: UUID = PHONE,
    asker: bytes = HERE,
    after: float = 0,
    batch: str = "",
) -> UnitFound | Scanned | Refusal:
    now = NOON + timedelta(seconds=after)
    link = DigitalLink(gtin=GTIN, attributes={"21": serial} | ({"10": batch} if batch else {}))
    return scan_unit(conn, link, scan_of("", visitor=phone, at=now), asker=asker, now=now)


def figures(outcome: object) -> tuple[int, int, int]:
    assert isinstance(outcome, UnitFound), outcome
    return (outcome.scans.scans, outcome.scans.phones, outcome.scans.own_scans)


def test_a_unit_is_told_of_with_its_batch_and_how_often_it_was_scanned(conn: Conn):
    coat = open_with_units(conn)
    first = look(conn)
    assert isinstance(first, UnitFound)
    assert (first.sku_id, first.unit.code, first.batch, first.unit.recalled_at) == (coat, "U-1", "B-1", None)
    assert (figures(first), first.scans.is_first, first.scans.first_at) == ((1, 1, 1), True, NOON)
    assert figures(look(conn, after=3)) == (1, 1, 1)  # the page was loaded again
    assert figures(look(conn, after=60)) == (2, 1, 2)
    other = look(conn, phone=uuid4(), after=90)
    assert isinstance(other, UnitFound)
    assert (figures(other), other.scans.is_first, other.scans.first_at) == ((3, 2, 1), False, NOON)
    second = look(conn, "U-2", after=100)
    assert isinstance(second, UnitFound)
    assert (figures(second), second.batch) == ((1, 1, 1), None)
    # Each counts as a scan of the goods as well, as it did before.
    counted = conn.execute("select count(*) from touchpoints.scan").fetchone()
    assert counted == (4,)


def test_more_phones_than_one_piece_meets_look_like_a_copied_code(conn: Conn):
    open_with_units(conn)
    seen = [look(conn, phone=uuid4(), after=number * 60) for number in range(PHONES_USUAL_MAX + 1)]
    copied = [one.scans.looks_copied for one in seen if isinstance(one, UnitFound)]
    assert copied == [False] * PHONES_USUAL_MAX + [True]


def test_a_recalled_unit_says_so(conn: Conn):
    coat = open_with_units(conn)
    succeeded(recall(conn, [LotChoice(sku_id=coat, batch="B-1")], reason="dye", now=NOON))
    found, other = look(conn), look(conn, "U-2")
    assert isinstance(found, UnitFound)
    assert isinstance(other, UnitFound)
    assert (found.unit.recalled_at, other.unit.recalled_at) == (NOON, None)


def test_what_is_no_unit_or_of_another_batch_is_none_of_ours(conn: Conn):
    open_with_units(conn)
    assert look(conn, "U-3") == UnitUnknown(serial="U-3")
    assert look(conn, "u-1") == UnitUnknown(serial="u-1")
    assert look(conn, "B-9") == UnitUnknown(serial="B-9")  # a batch is no piece
    assert look(conn, batch="B-2") == UnitUnknown(serial="U-1")
    assert figures(look(conn, batch="B-1")) == (1, 1, 1)
    assert conn.execute("select count(*) from touchpoints.unit_scan").fetchone() == (1,)


def test_of_goods_that_are_not_kept_by_unit_nothing_is_said_of_one(conn: Conn):
    open_with_units(conn)
    link = DigitalLink(gtin="06901234567892", attributes={"21": "S-1"})
    led = scan_unit(conn, link, scan_of(""), asker=HERE, now=NOON)
    assert isinstance(led, Scanned)
    assert led.leads_to == "/p/SCARF?sku=SCARF"
    without = scan_unit(conn, DigitalLink(gtin=GTIN, attributes={}), scan_of(""), asker=HERE, now=NOON)
    assert isinstance(without, Scanned)


def test_whoever_guesses_is_told_nothing_for_the_hour_right_or_wrong(conn: Conn):
    open_with_units(conn)
    wrong = [look(conn, f"X-{number}", phone=uuid4()) for number in range(GUESSES_AN_HOUR_MAX)]
    assert all(isinstance(one, UnitUnknown) for one in wrong)
    assert look(conn, "X-99") == TooManyGuesses()
    assert look(conn, "U-1") == TooManyGuesses()
    assert figures(look(conn, asker=THERE)) == (1, 1, 1)
    assert look(conn, after=3_599) == TooManyGuesses()
    assert figures(look(conn, after=3_600)) == (2, 1, 2)
    # What was tried in an hour that is over is forgotten by a round.
    look(conn, "X-1", after=3_700)
    later = NOON + timedelta(seconds=3_700)
    assert [sweep_guesses(conn, now=later, limit=10) for _ in range(2)] == [1, 0]
    assert conn.execute("select count(*), sum(wrong) from touchpoints.unit_guess").fetchone() == (1, 1)


def test_rivals_from_one_address_get_no_more_guesses_than_one(database: Database):
    with database.transaction() as conn:
        open_with_units(conn)
    outcomes: list[object] = []

    def guess(number: int) -> None:
        with database.transaction() as conn:
            outcomes.append(look(conn, f"X-{number}", phone=uuid4()))

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(GUESSES_AN_HOUR_MAX + 8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(isinstance(one, UnitUnknown) for one in outcomes) == GUESSES_AN_HOUR_MAX
    assert outcomes.count(TooManyGuesses()) == 8

"""Digests of closes stay what they were when closes learn to say more."""

from datetime import UTC, date, datetime
from uuid import UUID

import msgspec

from loopline.closing.model import Balance, Basis, Books, Close, CloseId, Expectation, RunOff, Sheet
from loopline.closing.rules.digests import digest_of
from loopline.kernel.ids import EntityId

EXPECTED = Expectation(
    category="coats",
    units=5,
    returnable_minor=100,
    expected_minor=0,
    basis=Basis.CATEGORY,
    seen_units=0,
    seen_minor=0,
    seen_back_minor=0,
)
CLOSE = Close(
    id=CloseId(UUID(int=1)),
    sheet=Sheet(
        books=Books(entity_id=EntityId(UUID(int=2)), currency="CNY"),
        month=date(2026, 3, 1),
        zone="UTC",
        start_at=datetime(2026, 3, 1, tzinfo=UTC),
        end_at=datetime(2026, 4, 1, tzinfo=UTC),
        entries=3,
        entries_of_before=0,
        balances=(Balance(purpose="cash", opening_minor=0, debit_minor=5, credit_minor=0, closing_minor=5),),
        expectations=(EXPECTED,),
        run_off=RunOff(),
        notices=(),
    ),
    cut=0,
    estimate_entry_id=None,
    inversion_entry_id=None,
    closed_at=datetime(2026, 4, 2, tzinfo=UTC),
    closed_by="x",
    comment="y",
    digest_before=None,
    digest=b"",
)


def test_a_close_of_before_there_was_a_right_to_goods_has_the_digest_it_had():
    """The digest was taken by the code that knew of no such right."""
    assert digest_of(CLOSE).hex() == "e28adafd99bee18e355d4c7099ce6ffbf3dafc227030c5d207390ecef2ade389"


def test_the_right_and_what_recovering_takes_are_part_of_a_digest():
    replace = msgspec.structs.replace
    worth = replace(EXPECTED, right_minor=1)
    sheets = [replace(CLOSE.sheet, expectations=(worth,)), replace(CLOSE.sheet, recovery_basis_points=1)]
    assert len({digest_of(CLOSE), *(digest_of(replace(CLOSE, sheet=one)) for one in sheets)}) == 3

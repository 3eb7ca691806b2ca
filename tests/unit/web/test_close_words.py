"""The sheet of a month finds words for whatever the ledger keeps."""

from loopline.ledger.model import EntryKind, Purpose
from loopline.processes.close.telling import OWED
from loopline.web.hq.close_words import KIND_WORDS, PURPOSE_WORDS


def test_every_kind_of_entry_and_every_purpose_has_words():
    assert set(KIND_WORDS) == set(EntryKind)
    assert set(PURPOSE_WORDS) == set(Purpose)


def test_contract_liabilities_are_what_is_owed():
    assert {Purpose.CUSTOMER_DEPOSIT, Purpose.VOUCHER_LIABILITY, Purpose.POINTS_LIABILITY} <= set(OWED)

"""What counts as masked, which sealing stands, how many may be opened within an hour, when it is forgotten."""

from datetime import datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from loopline.buyers import BuyerNotMasked, Masked, NewSealing, OpeningPurpose, SealingEmpty, TooManyOpenings
from loopline.buyers.rules import (
    KEPT_FOR,
    LOOKED_AT_EVERY,
    is_masked,
    newest_of_each,
    next_look,
    refusal_of_one_more,
    refusal_of_sealing,
)
from loopline.kernel.ids import OrderId
from loopline.processes.receive import masked, unmasked
from tests.make.messages import created
from tests.make.shop import NOON

CALL = OpeningPurpose.CUSTOMER_SERVICE_CALL
ORDER = OrderId(UUID(int=1))


@pytest.mark.parametrize(
    ("text", "is_it"),
    [
        ("", True),
        ("张**", True),
        ("张＊＊", True),
        ("138****1234", True),
        ("1380000****", True),
        ("13800001***", False),
        ("1 3 8 0 0 0 0 1*", False),
        ("上海市静安区****", True),
        ("张伟明", False),
        ("13812345678", False),
    ],
)
def test_a_mask_stars_something_out_and_shows_no_number(text: str, is_it: bool):
    assert is_masked(text) is is_it


def test_a_sealing_holds_something_and_its_masks_are_masks():
    assert refusal_of_sealing(ciphertext_id="OAID", ciphertext=None, masked=Masked()) is None
    assert refusal_of_sealing(ciphertext_id=None, ciphertext="x", masked=Masked(name="张**")) is None
    assert refusal_of_sealing(ciphertext_id="", ciphertext=None, masked=Masked()) == SealingEmpty()
    for name in ("name", "phone", "address"):
        shown = Masked(**{name: "in the open"})
        found = refusal_of_sealing(ciphertext_id="OAID", ciphertext=None, masked=shown)
        assert found == BuyerNotMasked(field=f"sealed_buyer.masked_{name}")


def sealing(ciphertext: str, *, minutes: int = 0, order_id: OrderId = ORDER) -> NewSealing:
    at = NOON + timedelta(minutes=minutes)
    return NewSealing(order_id=order_id, platform="tmall", sealed_at=at, ciphertext=ciphertext)


def test_the_same_sealing_stands_in_whatever_order_they_come():
    other = sealing("z", order_id=OrderId(UUID(int=2)))
    last, tie, first = sealing("b", minutes=1), sealing("a", minutes=1), sealing("c")
    for turn in permutations([last, tie, first, other]):
        assert newest_of_each(turn) == [last, other]


def ago(*minutes: float) -> list[datetime]:
    return [NOON - timedelta(minutes=one) for one in minutes]


def test_a_person_opens_so_many_within_an_hour():
    assert refusal_of_one_more(ago(*[1] * 19), purpose=CALL, now=NOON) is None
    # The one of an hour ago counts no more; of those that count the oldest frees the next.
    assert refusal_of_one_more(ago(60, *[1] * 19), purpose=CALL, now=NOON) is None
    full = ago(50.5, *[1] * 19)
    assert refusal_of_one_more(full, purpose=CALL, now=NOON) == TooManyOpenings(most=20, minutes=10)
    assert refusal_of_one_more(full, purpose=OpeningPurpose.SHIP_PARCEL, now=NOON) is None
    more = ago(50.5, 40, *[1] * 19)
    assert refusal_of_one_more(more, purpose=CALL, now=NOON) == TooManyOpenings(most=20, minutes=20)


def test_a_sealing_is_forgotten_thirty_days_after_its_order_was_over():
    assert next_look(None, now=NOON) == NOON + LOOKED_AT_EVERY
    over = NOON - KEPT_FOR
    assert next_look(over, now=NOON) is None
    assert next_look(over + timedelta(seconds=1), now=NOON) == NOON + timedelta(seconds=1)


def test_nothing_sealed_is_shown_of_a_message_and_all_of_it_comes_back():
    said = {"platform": "tmall", "ciphertext": "c2VhbGVk", "masked_name": "张**"}
    body = created("T-1", sealed_buyer=said)
    shown = masked(body)
    assert '"sealed_buyer": "•••"' in shown
    assert unmasked(shown.replace("COAT", "HAT"), body) == body.replace(b"COAT", b"HAT")
    cut = masked(body[:-3])
    assert "c2Vh" not in cut
    assert "张" not in cut
    assert "tmall" not in cut

"""How many unpaid asks one hand may have, and how long each is held."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from loopline.kernel.ids import MemberId
from loopline.kernel.refusals import Refusal
from loopline.orders import (
    AskerKey,
    CapKind,
    Patience,
    Standing,
    TooManyUnpaid,
    TooManyUnpaidByDevice,
    TooManyUnpaidToAddress,
    UnpaidAsk,
    UnpaidCaps,
    decide_unpaid,
    patience_of,
)
from loopline.orders.patience import most_by_key
from tests.make.shop import NOON

MEMBER, OTHER = MemberId(UUID(int=1)), MemberId(UUID(int=2))
ADDRESS, DEVICE = UUID(int=3), UUID(int=4)
MINUTE = timedelta(minutes=1)


def an_ask(member_id: MemberId | None = MEMBER, **fields: Any) -> UnpaidAsk:
    stated: dict[str, Any] = {"minutes_most": 15, "minutes_least": 15}
    return UnpaidAsk(**(stated | fields), member_id=member_id)


def decide(*asks: UnpaidAsk, standing: dict[AskerKey, Standing] | None = None) -> list[Patience | Refusal]:
    return decide_unpaid(asks, standing=standing or {}, now=NOON)


def unpaid(*minutes: float) -> Standing:
    return Standing(unpaid_until=tuple(NOON + one * MINUTE for one in minutes))


@pytest.mark.parametrize(
    ("waiting", "minutes"),
    [((), None), ((3, 9), None), ((3, 9, 12), 3), ((0.5, 9, 12), 1), ((2.2, 9, 12), 3), ((-1, 9, 12), 1)],
    ids=str,
)
def test_one_more_may_wait_below_the_cap_and_else_is_told_when(
    waiting: tuple[float, ...], minutes: int | None
):
    [outcome] = decide(
        an_ask(caps=UnpaidCaps(member=3)), standing={(CapKind.MEMBER, MEMBER): unpaid(*waiting)}
    )
    if minutes is None:
        assert outcome == Patience(minutes=15, scarce_minutes=15)
    else:
        assert outcome == TooManyUnpaid(most=3, minutes=minutes)


def test_where_the_cap_was_lowered_as_many_must_go_as_are_too_many():
    [outcome] = decide(
        an_ask(caps=UnpaidCaps(member=2)), standing={(CapKind.MEMBER, MEMBER): unpaid(1, 4, 6, 8)}
    )
    assert outcome == TooManyUnpaid(most=2, minutes=6)


@pytest.mark.parametrize(
    ("kind", "fields", "refusal"),
    [
        (CapKind.ADDRESS, {"address": ADDRESS}, TooManyUnpaidToAddress(most=1, minutes=7)),
        (CapKind.DEVICE, {"device": DEVICE}, TooManyUnpaidByDevice(most=1, minutes=7)),
    ],
)
def test_the_refusal_says_which_cap_it_is(kind: CapKind, fields: dict[str, Any], refusal: Refusal):
    key: AskerKey = (kind, next(iter(fields.values())))
    caps = UnpaidCaps(member=1, address=1, device=1)
    assert decide(an_ask(caps=caps, **fields), standing={key: unpaid(7)}) == [refusal]
    assert refusal.fields["cap"] == kind


def test_a_batch_counts_its_own_in_order_of_arrival_and_what_it_refuses_not_at_all():
    caps = UnpaidCaps(member=2, device=2)
    first, second, third = decide(*[an_ask(caps=caps, device=DEVICE)] * 3)
    assert (type(first), type(second)) == (Patience, Patience)
    assert third == TooManyUnpaid(most=2, minutes=15)
    by_others = [an_ask(OTHER, caps=caps, device=DEVICE), an_ask(OTHER, caps=caps)]
    outcomes = decide(*[an_ask(caps=UnpaidCaps(member=1), device=DEVICE)] * 2, *by_others)
    assert [type(one) for one in outcomes] == [Patience, TooManyUnpaid, Patience, Patience]


def test_nobody_is_kept_from_asking_where_nothing_is_said():
    standing: dict[AskerKey, Standing] = {(CapKind.MEMBER, MEMBER): unpaid(*range(1, 99))}
    assert decide(an_ask(), standing=standing) == [Patience(minutes=15, scarce_minutes=15)]
    assert decide(an_ask(None, caps=UnpaidCaps(member=1))) == [Patience(minutes=15, scarce_minutes=15)]


@pytest.mark.parametrize(
    ("waiting", "lapsed", "has_paid", "patience"),
    [
        (0, 0, False, Patience(minutes=15, scarce_minutes=5)),
        (0, 0, True, Patience(minutes=15, scarce_minutes=10)),
        (1, 0, False, Patience(minutes=10, scarce_minutes=5, because=("others_wait",))),
        (4, 0, True, Patience(minutes=15, scarce_minutes=10)),
        (0, 1, False, Patience(minutes=10, scarce_minutes=5, because=("ran_out_lately",))),
        (0, 1, True, Patience(minutes=15, scarce_minutes=10)),
        (0, 2, True, Patience(minutes=10, scarce_minutes=7, because=("ran_out_lately",))),
        (1, 1, False, Patience(minutes=7, scarce_minutes=5, because=("ran_out_lately", "others_wait"))),
        (0, 9_999, False, Patience(minutes=5, scarce_minutes=5, because=("ran_out_lately",))),
    ],
)
def test_the_less_is_known_in_favour_the_shorter_goods_are_held(
    waiting: int, lapsed: int, has_paid: bool, patience: Patience
):
    found = patience_of(an_ask(minutes_least=5), waiting=waiting, lapsed=lapsed, has_paid=has_paid)
    assert found == patience


def test_the_worst_that_is_known_of_a_hand_counts():
    standing = {
        (CapKind.MEMBER, MEMBER): Standing(has_paid=True),
        (CapKind.DEVICE, DEVICE): Standing(lapsed=3),
    }
    [found] = decide(an_ask(minutes_least=5, device=DEVICE), standing=standing)
    assert found == Patience(minutes=7, scarce_minutes=6, because=("ran_out_lately",))


def test_where_the_least_is_the_most_nothing_shortens_it():
    found = patience_of(an_ask(), waiting=9, lapsed=9, has_paid=False)
    assert found == Patience(minutes=15, scarce_minutes=15)


def test_how_many_there_may_be_when_all_of_these_stand():
    """Each was admitted below its cap: others' may be as many as left room for each in its turn, and these."""
    key, its_device = (CapKind.MEMBER, MEMBER), (CapKind.DEVICE, DEVICE)
    three = an_ask(caps=UnpaidCaps(member=3))
    assert most_by_key([three]) == {key: 3}
    assert most_by_key([three, three]) == {key: 3}
    # The strict one came first, with at most one before it; the generous one came after.
    strict, generous = (
        an_ask(caps=UnpaidCaps(member=2)),
        an_ask(caps=UnpaidCaps(member=9, device=4), device=DEVICE),
    )
    assert most_by_key([strict, generous]) == {key: 3, its_device: 4}
    assert most_by_key([generous, strict]) == {key: 2, its_device: 4}
    assert most_by_key([an_ask(), an_ask(caps=UnpaidCaps(address=1))]) == {}

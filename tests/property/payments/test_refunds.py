from hypothesis import given
from hypothesis import strategies as st

from loopline.kernel.ids import PaymentId
from loopline.payments import NewRefund, Payment, RefundAboveTaken
from loopline.payments.rules import plan_refunds
from tests.make.payments import BRAND, DEALER, payment, refund

ENTITIES = (BRAND, DEALER)


@st.composite
def some_payments(draw: st.DrawFn) -> list[Payment]:
    made: list[Payment] = []
    for _ in range(draw(st.integers(0, 6))):
        amount_minor = draw(st.integers(1, 50))
        new = payment(
            amount_minor,
            order=draw(st.integers(1, 2)),
            minutes=draw(st.integers(0, 3)),
            entity_id=draw(st.sampled_from(ENTITIES)),
        )
        made.append(
            Payment(
                id=new.id,
                order_id=new.order_id,
                method=new.method,
                entity_id=new.entity_id,
                currency=new.currency,
                amount_minor=amount_minor,
                refunded_minor=draw(st.integers(0, amount_minor)),
                taken_at=new.taken_at,
            )
        )
    return made


@st.composite
def some_refund(draw: st.DrawFn) -> NewRefund:
    return refund(
        draw(st.integers(1, 60)),
        order=draw(st.integers(1, 3)),
        entity_id=draw(st.sampled_from(ENTITIES)),
    )


def source_of(one: Payment | NewRefund) -> tuple[object, ...]:
    return one.order_id, one.entity_id, one.currency


@given(some_payments(), st.lists(some_refund(), max_size=8))
def test_what_goes_back_is_what_was_asked_for_from_where_it_came(
    payments: list[Payment], refunds: list[NewRefund]
):
    left = {one.id: one.left_minor for one in payments}
    by_id = {one.id: one for one in payments}
    for asked, planned in zip(refunds, plan_refunds(refunds, payments=payments), strict=True):
        sources: list[PaymentId] = [one.id for one in payments if source_of(one) == source_of(asked)]
        there = sum(left[payment_id] for payment_id in sources)
        if isinstance(planned, RefundAboveTaken):
            assert planned.left_minor == there < asked.amount_minor
            continue
        assert sum(part.amount_minor for part in planned) == asked.amount_minor
        assert all(part.amount_minor > 0 for part in planned)
        assert len({part.payment_id for part in planned}) == len(planned)
        for part in planned:
            assert source_of(by_id[part.payment_id]) == source_of(asked)
            left[part.payment_id] -= part.amount_minor
            assert left[part.payment_id] >= 0
        moments = [by_id[part.payment_id].taken_at for part in planned]
        assert moments == sorted(moments, reverse=True)

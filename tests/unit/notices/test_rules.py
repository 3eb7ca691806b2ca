"""When customers are told, how often, in which language; what a report makes of a notice; what they read."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from loopline.kernel.ids import MemberId, OrderId
from loopline.notices import About, Claim, End, Facts, Heard, Notice, NoticeId, NoticeReport, State, text_of
from loopline.notices.rules import (
    DAY_MOST,
    HOUR_MOST,
    TRIES_MOST,
    crowded_until,
    language_of,
    outcome_of,
    quiet_until,
)
from loopline.notices.wording import LANGUAGES, TEMPLATES, fields_of, names_in

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
SHANGHAI = "Asia/Shanghai"
MORNING = datetime(2026, 3, 3, tzinfo=UTC)  # eight in Shanghai
HOUR = timedelta(hours=1)


def notice(**changes: object) -> Notice:
    fields: dict[str, object] = {
        "id": NoticeId(UUID(int=1)),
        "order_id": OrderId(UUID(int=2)),
        "about": About.READY,
        "version": UUID(int=3),
        "member_id": MemberId(UUID(int=4)),
        "site_id": None,
        "zone": SHANGHAI,
        "facts": Facts(number="W-1"),
        "happened_at": NOON,
        "stale_at": NOON + timedelta(days=1),
        "state": State.WAITING,
        "end": None,
        "tries": 1,
        "is_unsure": True,
        "next_try_at": NOON,
        "told_at": NOON,
        "ended_at": None,
        "language": "zh",
        "reference": None,
        "note": None,
    }
    return msgspec.convert(fields | changes, Notice, from_attributes=True)


def report(heard: Heard) -> NoticeReport:
    return NoticeReport(claim=Claim(notice_id=NoticeId(UUID(int=1)), lease=NOON), heard=heard)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-03-02T13:29:59Z", None),
        ("2026-03-02T13:30:00Z", MORNING),
        ("2026-03-02T16:00:00Z", MORNING),
        ("2026-03-02T23:59:59Z", MORNING),
        ("2026-03-03T00:00:00Z", None),
    ],
)
def test_nobody_is_woken_between_half_past_nine_and_eight(at: str, until: datetime | None):
    assert quiet_until(datetime.fromisoformat(at), zone_name=SHANGHAI, by=None) == until


@pytest.mark.parametrize(
    ("by", "waits"),
    [
        (MORNING - timedelta(seconds=1), False),
        (MORNING, True),
        (MORNING + 10 * HOUR, True),
        (datetime(2026, 3, 2, 13, tzinfo=UTC), True),  # over already: nothing is lost by waiting
    ],
)
def test_what_happens_before_the_night_is_over_cannot_wait_for_it(by: datetime, *, waits: bool):
    at = datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert quiet_until(at, zone_name=SHANGHAI, by=by) == (MORNING if waits else None)


def test_a_member_is_told_five_things_an_hour_and_fifteen_a_day():
    four = [NOON - timedelta(minutes=one) for one in range(1, HOUR_MOST)]
    assert crowded_until(four, now=NOON) is None
    five = [*four, NOON - timedelta(minutes=50)]
    assert crowded_until(five, now=NOON) == NOON + timedelta(minutes=10)
    assert crowded_until([*four, NOON - HOUR], now=NOON) is None
    day = [NOON - timedelta(hours=one) for one in range(2, 2 + DAY_MOST)]
    assert crowded_until(day, now=NOON) == NOON + timedelta(hours=24 - (1 + DAY_MOST))
    assert crowded_until(day[:-1], now=NOON) is None


@pytest.mark.parametrize(
    ("phone", "language"), [("+8613800000001", "zh"), ("+85291234567", "en"), ("+4915112345678", "en")]
)
def test_phones_of_china_are_told_in_chinese(phone: str, language: str):
    assert language_of(phone) == language


@pytest.mark.parametrize(
    ("heard", "tries", "later", "state", "end", "minutes"),
    [
        (Heard.TAKEN, 1, 0, State.SENT, None, None),
        (Heard.REFUSED, 1, 0, State.FAILED, End.REFUSED, None),
        (Heard.LATER, 1, 0, State.WAITING, None, 2),
        (Heard.NOTHING, 1, 0, State.WAITING, None, 2),
        (Heard.NOTHING, 6, 0, State.WAITING, None, 240),
        (Heard.LATER, TRIES_MOST, 0, State.FAILED, End.NOT_TAKEN, None),
        (Heard.NOTHING, TRIES_MOST, 0, State.FAILED, End.UNKNOWN, None),
        (Heard.ABSENT, 2, 25, State.FAILED, End.NOT_TAKEN, None),
        (Heard.LATER, 2, 24, State.FAILED, End.NOT_TAKEN, None),
        (Heard.NOTHING, 2, 25, State.WAITING, None, 5),  # it may have arrived: that is found out
    ],
)
def test_what_a_report_makes_of_a_notice(
    heard: Heard, tries: int, later: int, state: State, end: End | None, minutes: int | None
):
    now = NOON + timedelta(hours=later)
    outcome = outcome_of(notice(tries=tries), report(heard), now=now)
    again = now + timedelta(minutes=minutes) if minutes is not None else None
    assert (outcome.state, outcome.end, outcome.next_try_at) == (state, end, again)


def test_every_sentence_is_there_in_both_languages_with_the_same_fields():
    assert set(TEMPLATES) == set(About)
    for about, by_language in TEMPLATES.items():
        assert tuple(by_language) == LANGUAGES
        zh, en = by_language["zh"], by_language["en"]
        assert sorted(names_in(zh)) == sorted(names_in(en)), about
        assert "number" in names_in(zh)
        assert len(zh) <= 60, about  # with its fields it is one message of seventy signs, or two


@pytest.mark.parametrize(
    ("about", "language", "said"),
    [
        (
            About.READY,
            "zh",
            "您的订单W-1已在静安店备好，请于3月3日02:30前凭订单页的取货码到店领取。",
        ),
        (
            About.READY,
            "en",
            "Your order W-1 is ready at Jing'an store. Please collect it by 3 Mar 02:30 with the code on its page.",
        ),
        (About.REFUNDED, "zh", "您的订单W-1已退款1,158.05元，到账时间以支付渠道为准。"),
        (
            About.REFUNDED,
            "en",
            "CNY 1,158.05 of your order W-1 was paid back. It may take your bank some days to show it.",
        ),
        (
            About.NEW_DATE,
            "zh",
            "您的订单W-1预计最晚3月3日送达，比原先告知的晚，非常抱歉。可在订单页查看进度。",
        ),
        (About.SENT, "en", "A parcel of your order W-1 is on its way, tracking number SF123."),
    ],
)
def test_sentences_say_days_stores_and_amounts_as_people_read_them(about: About, language: str, said: str):
    facts = Facts(
        number="W-1",
        by=datetime(2026, 3, 2, 18, 30, tzinfo=UTC),
        store="静安店 Jing'an store",
        tracking="SF123",
        amount_minor=115_805,
        currency="CNY",
    )
    assert text_of(about, facts, language=language, zone_name=SHANGHAI) == said


def test_a_sentence_has_its_own_fields_and_no_others():
    facts = Facts(number="W-1", store="S" * 50, tracking="SF123")
    filled = fields_of(About.ON_ITS_WAY, facts, language="en", zone_name=SHANGHAI)
    assert filled == {"number": "W-1", "store": "S" * 30}

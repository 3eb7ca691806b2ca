from datetime import UTC, datetime, timedelta
from uuid import UUID

from loopline.kernel.ids import first_id_of, time_of, uuid7, uuid7s

NOON = datetime(2026, 5, 4, 12, 0, 0, 123_000, tzinfo=UTC)


def test_carries_version_variant_and_its_moment():
    made = uuid7(NOON)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert time_of(made) == NOON


def test_ids_of_one_moment_sort_as_they_were_made_across_calls():
    made = uuid7s(NOON, 1000) + uuid7s(NOON, 1000)
    assert sorted(made) == made
    assert len(set(made)) == 2000


def test_a_later_moment_sorts_after_whatever_was_made_before():
    assert uuid7(NOON) < uuid7(NOON + timedelta(milliseconds=1))


def test_first_id_bounds_every_id_of_its_moment():
    assert first_id_of(NOON) < uuid7(NOON) < first_id_of(NOON + timedelta(milliseconds=1))


def test_an_id_beyond_the_last_year_is_of_its_last_day():
    far = UUID(int=uuid7(NOON).int | ((1 << 48) - 1) << 80)
    assert far.version == 7
    assert time_of(far) == datetime(9999, 12, 31, tzinfo=UTC)

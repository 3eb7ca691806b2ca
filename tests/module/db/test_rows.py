"""Arrays that are spelt as one literal come out as they went in."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopline.db import Conn
from loopline.db.rows import texts

_AWKWARD = st.sampled_from(["", "null", "NULL", '"', '","', "\\", '\\"', "{}", "a,b", " ", "\n", "环线", "'"])
_TEXT = _AWKWARD | st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(values=st.lists(_TEXT | st.none(), max_size=6) | st.lists(_TEXT, max_size=6))
def test_any_texts_come_out_as_they_went_in(conn: Conn, values: list[str | None]):
    row = conn.execute("select %s::text[]", [texts(values)]).fetchone()
    assert row == (values,)

from hypothesis import assume, given
from hypothesis import strategies as st

from loopline.orders import read_number, spell_number

running = st.integers(min_value=1, max_value=10**12)


@given(running)
def test_what_is_spelt_is_read(number: int):
    assert read_number(spell_number(number)) == number


@given(running)
def test_case_dashes_and_letters_that_look_like_digits_do_not_matter(number: int):
    typed = " " + spell_number(number).lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert read_number(typed) == number


@given(running, st.data())
def test_a_wrong_character_is_found(number: int, data: st.DataObject):
    spelt = spell_number(number).replace("-", "")
    place = data.draw(st.integers(0, len(spelt) - 1))
    wrong = data.draw(
        st.sampled_from("0123456789ABCDEFGHJKMNPQRSTWXYZ").filter(lambda letter: letter != spelt[place])
    )
    assert read_number(spelt[:place] + wrong + spelt[place + 1 :]) is None


@given(running, st.data())
def test_two_characters_swapped_are_found(number: int, data: st.DataObject):
    spelt = list(spell_number(number).replace("-", ""))
    first, second = data.draw(st.lists(st.integers(0, len(spelt) - 1), min_size=2, max_size=2, unique=True))
    assume(spelt[first] != spelt[second])
    spelt[first], spelt[second] = spelt[second], spelt[first]
    assert read_number("".join(spelt)) is None


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_without_error(text: str):
    number = read_number(text)
    assert number is None or number >= 1


def test_numbers_are_seven_characters_for_the_first_887_million_orders():
    assert {len(spell_number(number)) for number in (1, 2, 31**6 - 1)} == {8}
    assert len(spell_number(31**6)) == 9
    assert spell_number(1) == "K4XF-DXY"
    assert [read_number(text) for text in ("", "K4XF-DX", "K4XF-DXZ", "K4XF-DXYA", "K4XF/DXY", "0" * 13)] == [
        None
    ] * 6


def test_the_first_hundred_thousand_numbers_differ():
    assert len({spell_number(number) for number in range(1, 100_001)}) == 100_000

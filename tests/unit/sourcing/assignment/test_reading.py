"""Files of assignment problems: what is read, what may follow, and what is refused with which words."""

from pathlib import Path

import pytest

from loopline.kernel.refusals import Refused
from loopline.sourcing.assignment.problem import UnsoundAssignment
from loopline.sourcing.assignment.reading import read_problem

TEXT = "2 3\n10 100\n 8. 90\n 4. 5.\n6\n1 2 3\n4 5 6\n"
DATA = """
Warehouses = 2; % how many
Stores = 3;
Capacity = [10, 8];
FixedCost = [100, 90];
Goods = [4, 5, 6];
SupplyCost = [|1, 4
              |2, 5
              |3, 6|];
Incompatibilities = 2;
IncompatiblePairs = [| 1, 3 | 3, 2 |];
"""


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_text_gives_each_customer_one_source(tmp_path: Path):
    one = read_problem(written(tmp_path, "p1", TEXT))
    assert (one.name, one.is_split, one.apart) == ("p1", False, ())
    assert (one.capacity.tolist(), one.opening.tolist()) == ([10, 8], [100, 90])
    assert (one.demand.tolist(), one.serving.tolist()) == ([4, 5, 6], [[1, 2, 3], [4, 5, 6]])


def test_minizinc_data_allows_several_and_keeps_pairs_apart(tmp_path: Path):
    one = read_problem(written(tmp_path, "w.dzn", DATA))
    assert (one.name, one.is_split, one.apart) == ("w", True, ((0, 2), (1, 2)))
    assert (one.capacity.tolist(), one.opening.tolist()) == ([10, 8], [100, 90])
    assert (one.demand.tolist(), one.serving.tolist()) == ([4, 5, 6], [[1, 2, 3], [4, 5, 6]])
    assert one.whole.tolist() == [[4, 10, 18], [16, 25, 36]]


@pytest.mark.parametrize("after", ["\0\0\0\0", "\n\nFrom somebody\nwith 1 2 3\n", "\n\n"])
def test_padding_and_letters_after_the_last_number_are_not_read(tmp_path: Path, after: str):
    assert read_problem(written(tmp_path, "p1", TEXT + after)).serving.tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("name", "content", "field", "problem"),
    [
        ("p1", "", "facilities", "is no count: nothing"),
        ("p1", "two 3", "facilities", "is no count: two"),
        ("p1", "1000000 3", "facilities", "is above 100,000"),
        ("p1", "9999999999 3", "facilities", "is above 100,000"),
        ("p1", "0 3\n1 2 3", "capacity", "is empty"),
        ("p1", TEXT[:-3], "p1", "ends after 14 numbers of 15"),
        ("p1", TEXT + "7\n", "p1", "has more than the 15 numbers it needs"),
        ("p1", TEXT + "\n7\n", "p1", "has more than the 15 numbers it needs"),
        ("p1", TEXT.replace("100", "100.5"), "number 4", "is not whole: 100.5"),
        ("p1", TEXT.replace("100", "nan"), "number 4", "is not whole: nan"),
        ("p1", TEXT.replace("100", "-1"), "opening", "is below zero"),
        ("p1", TEXT.replace("100", "2000000000"), "opening", "is above a thousand million"),
        ("p1", TEXT.replace(" 4.", " 0 "), "demand", "is zero: such a customer needs nobody"),
        ("p1", b"\xff\xfe2 3", "p1", "is no text"),
        ("w.dzn", "", "w", "has no Warehouses"),
        ("w.dzn", DATA.replace("Goods", "Good"), "w", "has no Goods"),
        ("w.dzn", DATA.replace("[10, 8]", "[10]"), "Capacity", "has 1 numbers instead of 2"),
        ("w.dzn", DATA.replace("[10, 8]", "10"), "Capacity", "is no list in brackets"),
        ("w.dzn", DATA.replace("|3, 6|", "|3|"), "SupplyCost", "has 5 numbers instead of 6"),
        ("w.dzn", DATA.replace("1, 3", "1, 4"), "apart", "has a pair 1, 4 that is none of the customers'"),
        ("w.dzn", DATA.replace("1, 3", "1, 1"), "apart", "has a pair 1, 1 that is none of the customers'"),
        (
            "w.dzn",
            DATA.replace("ities = 2", "ities = 3"),
            "IncompatiblePairs",
            "is not the 3 pairs that Incompatibilities says",
        ),
    ],
)
def test_what_is_no_problem_is_refused(
    tmp_path: Path, name: str, content: str | bytes, field: str, problem: str
):
    with pytest.raises(Refused) as refused:
        read_problem(written(tmp_path, name, content))
    assert refused.value.refusal == UnsoundAssignment(field=field, problem=problem)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(Refused, match="No such file"):
        read_problem(tmp_path / "p1")

"""GS1 Digital Link: what is read, what is not, and the vectors of the GS1 syntax engine that are about goods."""

from urllib.parse import urlsplit

import msgspec
import pytest

from loopline.touchpoints.digital_link import DigitalLink, DigitalLinkNotValid, read_digital_link
from tests.shared_data import shared_data

GTIN = "09520123456788"


@pytest.mark.parametrize(
    ("path", "query", "attributes"),
    [
        ("", "", {}),
        ("/10/ABC123", "", {"10": "ABC123"}),
        ("/22/2A/10/L-1/21/S%2F7", "", {"22": "2A", "10": "L-1", "21": "S/7"}),
        ("/235/XYZ", "10=ABC", {"235": "XYZ", "10": "ABC"}),
        ("", "17=280229&utm_source=mail&linkType=gs1:pip", {"17": "280229"}),
        ("", "17=270200", {"17": "270200"}),
        ("/10/A", "3103=000195&99=x", {"10": "A", "3103": "000195", "99": "x"}),
    ],
)
def test_a_link_says_which_goods(path: str, query: str, attributes: dict[str, str]):
    assert read_digital_link(f"/01/{GTIN}{path}", query) == DigitalLink(gtin=GTIN, attributes=attributes)


def test_a_shorter_gtin_is_kept_with_fourteen_digits():
    assert read_digital_link("/01/9520123456788", "") == DigitalLink(gtin=GTIN, attributes={})


@pytest.mark.parametrize(
    ("path", "query", "part"),
    [
        ("/01/09520123456789", "", "(01)"),
        ("/01/0952012345678", "", "(01)"),
        ("/01/０9520123456788", "", "the address"),
        ("/01/", "", "(01)"),
        ("/01", "", "the path"),
        ("/00/006141411234567890", "", "the path"),
        (f"/01/{GTIN}/", "", "the path"),
        (f"/01/{GTIN}/10", "", "the path"),
        (f"/01/{GTIN}/10/", "", "(10)"),
        (f"/01/{GTIN}/21/A/10/B", "", "the path"),
        (f"/01/{GTIN}/10/A/10/B", "", "the path"),
        (f"/01/{GTIN}/235/A/10/B", "", "the path"),
        (f"/01/{GTIN}/17/280229", "", "the path"),
        (f"/01/{GTIN}/10/{'A' * 21}", "", "(10)"),
        (f"/01/{GTIN}/10/%E4%B8%AD", "", "(10)"),
        (f"/01/{GTIN}/10/%FF", "", "(10)"),
        (f"/01/{GTIN}/10/%4", "", "the address"),
        (f"/01/{GTIN}/10/A%00B", "", "(10)"),
        (f"/01/{GTIN}", "17=270229", "(17)"),
        (f"/01/{GTIN}", "17=2702290", "(17)"),
        (f"/01/{GTIN}", "10=ABC", "(10)"),
        (f"/01/{GTIN}/10/A", "21=B", "(21)"),
        (f"/01/{GTIN}", "17=280229&17=280229", "(17)"),
        (f"/01/{GTIN}", "89=A", "(89)"),
        (f"/01/{GTIN}", "99=" + "x" * 2000, "the address"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_part(path: str, query: str, part: str):
    assert read_digital_link(path, query) == DigitalLinkNotValid(part=part)


class Vector(msgspec.Struct, frozen=True, kw_only=True):
    uri: str
    ok: bool
    expect: str


def test_the_vectors_of_the_syntax_engine():
    """Of its cases those that name goods by a GTIN first; those that an option of the engine decides are left out."""
    lines = shared_data("gs1/dl_parse.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [msgspec.json.decode(line, type=Vector) for line in lines]
    verdicts: dict[str, set[bool]] = {}
    for case in cases:
        verdicts.setdefault(case.uri, set()).add(case.ok)
    tried = 0
    for case in cases:
        parts = urlsplit(case.uri)
        start = parts.path.find("/01/")
        if start < 0 or len(verdicts[case.uri]) > 1:
            continue
        read = read_digital_link(parts.path[start:], parts.query)
        assert isinstance(read, DigitalLink) == case.ok, case
        if isinstance(read, DigitalLink):
            said = f"01{read.gtin}" + "".join(key + value for key, value in read.attributes.items())
            assert said == case.expect.replace("^", ""), case
        tried += 1
    assert tried > 30

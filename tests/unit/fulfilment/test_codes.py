import pytest

from loopline.fulfilment.codes import collect_code, hash_of_code, is_code
from tests.make.fulfilment import site_id


@pytest.mark.parametrize(
    ("entropy", "code"),
    [
        (bytes(5), "00000000"),
        (b"\xff" * 5, "ZZZZZZZZ"),
        (b"\x00\x00\x00\x00\x01", "00000001"),
        (b"\x08\x00\x00\x00\x00", "10000000"),
        (bytes.fromhex("5291403c0a"), "AA8M0F0A"),
    ],
)
def test_five_bytes_make_eight_characters(entropy: bytes, code: str):
    assert collect_code(entropy) == code
    assert is_code(code)


@pytest.mark.parametrize("size", [4, 6])
def test_other_than_five_bytes_make_none(size: int):
    with pytest.raises(ValueError, match="five bytes"):
        collect_code(bytes(size))


@pytest.mark.parametrize("text", ["", "1234567", "123456789", "1234567U", "1234567é", "1234567*"])
def test_what_is_no_code(text: str):
    assert not is_code(text)


def test_a_hash_hangs_on_site_and_code_and_not_on_how_it_is_typed():
    assert hash_of_code(site_id(1), "ab-lo 0000") == hash_of_code(site_id(1), "AB100000")
    assert hash_of_code(site_id(1), "AB100000") != hash_of_code(site_id(2), "AB100000")
    assert hash_of_code(site_id(1), "AB100000") != hash_of_code(site_id(1), "AB100001")

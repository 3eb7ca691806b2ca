"""Signatures fit the published vectors, and nothing that was changed, moved or kept too long is believed."""

import base64
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopline.channels.standard_webhooks import (
    SignatureMissing,
    SignatureStale,
    SignatureWrong,
    new_secret,
    sign,
    signed_headers,
    verify,
)
from tests.shared_data import shared_data

AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = b'{"type":"charge.paid"}'

bodies = st.binary(max_size=200)
ids = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="."), min_size=1, max_size=40
)
keys = st.binary(min_size=16, max_size=64).map(lambda key: "whsec_" + base64.b64encode(key).decode())


class Vector(msgspec.Struct, frozen=True):
    secret: str
    id: str
    timestamp: int
    payload: str
    signature: str


def headers(secrets: list[str] | None = None, body: bytes = BODY, at: datetime = AT) -> dict[str, str]:
    return signed_headers(secrets or [OLD], body, message_id="msg_1", at=at)


def test_signatures_are_those_of_the_published_vectors():
    vectors = msgspec.json.decode(shared_data("webhooks/vectors.json").read_bytes(), type=list[Vector])
    assert len(vectors) >= 2
    for vector in vectors:
        at = datetime.fromtimestamp(vector.timestamp, UTC)
        body = vector.payload.encode()
        assert sign(vector.secret, body, message_id=vector.id, at=at) == vector.signature
        said = {
            "Webhook-Id": vector.id,
            "Webhook-Timestamp": str(vector.timestamp),
            "Webhook-Signature": vector.signature,
        }
        assert verify([vector.secret], body, headers=said, now=at) == vector.id


def test_a_signature_of_the_specification():
    """The example that the libraries of Standard Webhooks test themselves with."""
    at = datetime.fromtimestamp(1614265330, UTC)
    said = sign(OLD, b'{"test": 2432232314}', message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=at)
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(secret=keys, body=bodies, message_id=ids)
def test_what_was_signed_is_believed(secret: str, body: bytes, message_id: str):
    said = signed_headers([secret], body, message_id=message_id, at=AT)
    assert verify([secret], body, headers=said, now=AT) == message_id


@given(body=bodies, changed=st.data())
def test_one_changed_bit_of_the_body_is_not_believed(body: bytes, changed: st.DataObject):
    said = headers(body=body + b"!")
    place = changed.draw(st.integers(0, len(body)))
    bit = changed.draw(st.integers(0, 7))
    other = bytearray(body + b"!")
    other[place] ^= 1 << bit
    assert verify([OLD], bytes(other), headers=said, now=AT) == SignatureWrong()


@given(message_id=ids)
def test_another_id_is_not_believed(message_id: str):
    said = headers() | {"webhook-id": message_id}
    believed = verify([OLD], BODY, headers=said, now=AT)
    assert believed == ("msg_1" if message_id == "msg_1" else SignatureWrong())


def test_another_secret_is_not_believed():
    assert verify([NEW], BODY, headers=headers(), now=AT) == SignatureWrong()
    assert verify([], BODY, headers=headers(), now=AT) == SignatureWrong()


def test_while_secrets_rotate_either_is_believed():
    both = headers([OLD, NEW])
    assert both["webhook-signature"].count("v1,") == 2
    assert verify([OLD], BODY, headers=both, now=AT) == "msg_1"
    assert verify([NEW], BODY, headers=both, now=AT) == "msg_1"
    assert verify([NEW, OLD], BODY, headers=headers([OLD]), now=AT) == "msg_1"


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [
        (0, "msg_1"),
        (300, "msg_1"),
        (-300, "msg_1"),
        (301, SignatureStale(minutes=5)),
        (-301, SignatureStale(minutes=5)),
    ],
)
def test_a_message_is_believed_for_five_minutes(seconds: int, outcome: object):
    assert verify([OLD], BODY, headers=headers(), now=AT + timedelta(seconds=seconds)) == outcome


def test_a_stale_message_cannot_be_made_fresh():
    said = headers() | {"webhook-timestamp": str(int(AT.timestamp()) + 600)}
    assert verify([OLD], BODY, headers=said, now=AT + timedelta(seconds=600)) == SignatureWrong()


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-id", ""),
        ("webhook-id", "a.b"),
        ("webhook-id", "m" * 257),
        ("webhook-timestamp", ""),
        ("webhook-timestamp", "soon"),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "1e9"),
        ("webhook-timestamp", "١٢٣"),
        ("webhook-timestamp", "9" * 400),
        ("webhook-signature", ""),
        ("webhook-signature", "v1"),
        ("webhook-signature", "v1,not base64"),
        ("webhook-signature", "v1,é"),
        ("webhook-signature", "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ],
)
def test_a_malformed_header_is_refused_by_its_name(header: str, value: str):
    said = headers() | {header: value}
    assert verify([OLD], BODY, headers=said, now=AT) == SignatureMissing(header=header)
    del said[header]
    assert verify([OLD], BODY, headers=said, now=AT) == SignatureMissing(header=header)


@given(
    said=st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text())
)
def test_no_header_whatever_is_believed_or_breaks_anything(said: dict[str, str]):
    assert not isinstance(verify([OLD], BODY, headers=said, now=AT), str)


def test_secrets_are_new_each_time_and_can_be_used():
    first, second = new_secret(), new_secret()
    assert first != second
    assert verify([first], BODY, headers=headers([first]), now=AT) == "msg_1"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!"])
def test_what_is_no_secret_signs_nothing(secret: str):
    with pytest.raises(ValueError, match="a secret of webhooks"):
        sign(secret, BODY, message_id="msg_1", at=AT)

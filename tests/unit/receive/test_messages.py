"""What can be made out of any message, what is shown of it, and what a correction brings back."""

import json

import pytest

from loopline.inbox import MessageKind
from loopline.processes.receive import content_hash, head_of, masked, read_message, unmasked
from loopline.processes.receive.reading import Cancelled, Created, Paid
from tests.make.messages import cancelled, created, paid

PERSONAL = {
    "id": "m-1",
    "channel": "web",
    "kind": "created",
    "external_number": "T-1",
    "order": {
        "lines": [{"sku_code": "COAT", "units": 1, "remark": "call 13800138000"}],
        "id": "110101199003078515",
    },
    "buyer": {"name": "王小明", "phone": 13800138000, "id": "x1", "vip": True},
    "王小明": "there",
}


def test_messages_of_every_kind_are_read():
    assert [type(read_message(one)) for one in (created("1"), paid("1"), cancelled("1", ("COAT", 1)))] == [
        Created,
        Paid,
        Cancelled,
    ]


@pytest.mark.parametrize(
    ("body", "channel", "name", "kind", "number"),
    [
        (paid("T-1"), "web", "T-1-paid-1", MessageKind.PAID, "T-1"),
        (b'{"id": 7, "channel": "no way", "kind": "moved"}', "", None, MessageKind.UNREAD, None),
        (b'{"id": "content:0", "channel": "web\\n"}', "", None, MessageKind.UNREAD, None),
        (b'{"id": "a\\u0000", "kind": "unread", "external_number": ""}', "", None, MessageKind.UNREAD, None),
        (b"\xff", "", None, MessageKind.UNREAD, None),
    ],
)
def test_a_name_is_made_out_of_anything(
    body: bytes, channel: str, name: str | None, kind: MessageKind, number: str | None
):
    head = head_of(body)
    assert (head.channel, head.kind, head.external_number) == (channel, kind, number)
    assert head.external_id == (name or f"content:{content_hash(body).hex()}")


def test_content_is_the_same_however_it_is_spelt_or_sealed_by_its_platform():
    one = b'{"a": 1, "order": {"b": 2, "sealed_buyer": "x"}}'
    assert content_hash(one) == content_hash(b'{"order":{"sealed_buyer":"y","b":2},"a":1}')
    assert content_hash(one) != content_hash(one.replace(b"2", b"3"))


def test_only_what_the_house_knows_by_name_and_place_is_shown():
    shown = json.loads(masked(json.dumps(PERSONAL).encode()))
    assert shown == {
        "id": "m-1",
        "channel": "web",
        "kind": "created",
        "external_number": "T-1",
        "order": {"lines": [{"sku_code": "COAT", "units": 1, "remark": "c•••"}], "id": "1•••"},
        "buyer": {"name": "王•••", "phone": "•••", "id": "x•••", "vip": True},
        "•••": "t•••",
    }


def test_what_is_left_masked_comes_back_as_it_was():
    original = json.dumps(PERSONAL).encode()
    text = masked(original).replace('"COAT"', '"HAT"').replace('"c•••"', '"changed •••"')
    found = json.loads(unmasked(text, original))
    assert found["buyer"] == PERSONAL["buyer"]
    assert found["order"]["lines"] == [{"sku_code": "HAT", "units": 1, "remark": "changed •••"}]


def test_what_is_no_json_hides_what_looks_personal():
    text = '{"id": "m-1", "phone": "138 0013 8000", name: 王小明, mail: a.b@c.cn, units: 1234'
    assert masked(text.encode()) == '{"id": "m-1", "phone": "•••", name: •••, mail: ••• units: 1234'
    assert unmasked("{still broken", b"{") == b"{still broken"

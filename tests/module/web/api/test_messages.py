"""Messages over the API: every item has an outcome, a branch sees its own, and nobody mends another's."""

from typing import Any

import msgspec

from loopline.org import Permission, Role
from tests.make.api import Api, House
from tests.make.messages import WORTH, cancelled, created, paid


def item(body: bytes) -> dict[str, Any]:
    return msgspec.json.decode(body)


def sent(api: Api, *items: Any) -> list[dict[str, Any]]:
    answer = api.ask("POST", "/messages/batch", json={"items": items})
    assert answer.status_code == 200, answer.text
    return [one["value"] for one in answer.json()["outcomes"]]


def reason(taken: dict[str, Any]) -> str | None:
    why: dict[str, str] | None = taken["message"]["why"]
    return why["code"] if why else None


def test_whatever_comes_is_kept_and_told_where_it_stands(house: House):
    api = house.api()
    nul = item(created("M-2"))
    nul["external_number"] = "M\x00-2"
    found = sent(api, item(paid("M-1")), item(created("M-1")), '{"half', nul, 7, item(paid("M-9")))
    assert [(one["message"]["state"], reason(one)) for one in found] == [
        ("applied", None),
        ("applied", None),
        ("quarantined", "not_json"),
        ("quarantined", "character_not_kept"),
        ("quarantined", "message_not_understood"),
        ("waiting", "order_not_known_yet"),
    ]
    order = api.get(f"/orders/{found[1]['message']['order_id']}")
    assert (order["external_number"], order["amount_minor"]) == ("M-1", WORTH)
    assert [one["is_repeat"] for one in sent(api, item(paid("M-1")))] == [True]
    listed = api.get("/messages", limit=2)
    assert [one["external_number"] for one in listed["items"]] == ["M-9", None]
    assert len([one for page in api.pages("/messages", limit=2) for one in page]) == 4
    shown = api.get(f"/messages/{found[2]['message']['id']}")
    assert (shown["text"], [one["state"] for one in shown["steps"]]) == (
        '{"half',
        ["received", "quarantined"],
    )


def test_a_message_is_put_right_or_dismissed(house: House):
    api = house.api()
    bad, worse = sent(api, item(created("M-1", buyer="王小明")), item(cancelled("M-7")))
    shown = api.get(f"/messages/{bad['message']['id']}")
    assert "王小明" not in str(shown)
    assert "王•••" in shown["text"]
    fixed = {"id": bad["message"]["id"], "text": created("M-1").decode()}
    (now,) = api.granted("/messages/replay", fixed)
    assert (now["state"], now["tries"]) == ("applied", 2)
    ask = {"ids": [worse["message"]["id"]], "note": "Never was one."}
    assert api.ask("POST", "/messages/dismiss", json=ask).json() == {
        "outcomes": [{"value": {"id": worse["message"]["id"]}}]
    }
    assert api.get("/messages")["items"] == []
    assert api.refused("/messages/replay", {"id": worse["message"]["id"]}) == ["message_settled"]


def test_another_branch_sees_nothing_and_mends_nothing(house: House):
    (ours,) = sent(house.api(), item(paid("M-1")))
    message_id = ours["message"]["id"]
    dealer = house.api(branch="DEALER")
    assert dealer.get("/messages")["items"] == []
    assert dealer.ask("GET", f"/messages/{message_id}").status_code == 404
    assert dealer.refused("/messages/replay", {"id": message_id}) == ["unknown_message"]
    refused = dealer.ask("POST", "/messages/dismiss", json={"ids": [message_id], "note": "no"}).json()
    assert refused["outcomes"][0]["problem"]["code"] == "unknown_message"
    (same,) = sent(dealer, item(paid("M-1")))
    assert (same["is_repeat"], same["message"]["times"]) == (False, 1)
    (told,) = house.as_role(Role.AUDITOR, branch="HX").get("/messages", channel="web")["items"][1:]
    assert (told["id"], told["state"], told["times"]) == (message_id, "waiting", 1)


def test_who_may_not_send_mend_or_move_money_does_not(house: House):
    guide = house.as_role(Role.GUIDE, branch="U-S")
    assert guide.ask("POST", "/messages/batch", json={"items": [item(paid("M-1"))]}).status_code == 403
    assert guide.ask("GET", "/messages").status_code == 403
    auditor = house.as_role(Role.AUDITOR, branch="HX")
    assert auditor.ask("POST", "/messages/dismiss", json={"ids": [], "note": "x"}).status_code == 400
    assert auditor.ask("POST", "/messages/batch", json={"items": [1]}).status_code == 403
    api = house.api()
    sent(api, item(created("M-1")))
    orders_alone = house.api(permissions=[Permission.MESSAGES_WRITE])
    (said,) = sent(orders_alone, item(paid("M-1")))
    assert said["message"]["why"]["code"] == "sender_may_not_move_money"
    (now,) = api.granted("/messages/replay", {"id": said["message"]["id"]})
    assert now["state"] == "applied"

"""Webhooks over the API: a secret shown once, lists within one's branch."""

from loopline.org import Permission
from tests.make.api import House

ASKED = {"name": "till", "url": "https://example.com/hook", "unit_code": "HX", "types": ["order_placed"]}


def test_somebody_subscribes_renews_pauses_and_forgets(house: House):
    api = house.api()
    made = api.ask("POST", "/webhooks/subscriptions", json=ASKED)
    assert made.status_code == 201, made.text
    subscription, secret = made.json()["id"], made.json()["secret"]
    assert secret.startswith("whsec_")
    (told,) = api.get("/webhooks/subscriptions")["items"]
    assert (told["state"], told["types"], told["secret_version"]) == ("active", ["order_placed"], 1)
    assert secret not in str(told)
    path = f"/webhooks/subscriptions/{subscription}"
    renewed = api.ask("POST", f"{path}/renew-secret").json()["secret"]
    assert renewed.startswith("whsec_")
    assert renewed != secret
    assert api.ask("POST", f"{path}/pause").status_code == 200
    assert api.get("/webhooks/subscriptions")["items"][0]["state"] == "paused"
    assert api.ask("POST", f"{path}/resume").status_code == 200
    assert api.get(f"{path}/deliveries") == {"items": [], "next_cursor": None}
    assert api.ask("POST", f"{path}/replay", json={}).json() == {"events": 0, "after": None}
    assert api.ask("POST", f"{path}/delete").status_code == 200
    assert api.get("/webhooks/subscriptions")["items"] == []
    assert "order_placed" in api.get("/webhooks/event-types")["types"]


def test_what_cannot_be_is_refused_by_field(house: House):
    api = house.api()
    inside = api.ask("POST", "/webhooks/subscriptions", json=ASKED | {"url": "https://10.0.0.1/"})
    assert (inside.status_code, inside.json()["code"]) == (422, "address_not_allowed")
    unknown = api.ask("POST", "/webhooks/subscriptions", json=ASKED | {"types": ["moon_landed"]})
    assert (unknown.status_code, unknown.json()["fields"]["field"]) == (422, "types")
    assert api.get("/webhooks/subscriptions")["items"] == []


def test_a_dealer_neither_sees_nor_touches_the_brands(house: House):
    made = house.api().ask("POST", "/webhooks/subscriptions", json=ASKED)
    dealer = house.api(branch="DEALER")
    assert dealer.get("/webhooks/subscriptions")["items"] == []
    assert dealer.ask("POST", "/webhooks/subscriptions", json=ASKED).status_code == 403
    path = f"/webhooks/subscriptions/{made.json()['id']}"
    assert dealer.ask("GET", f"{path}/deliveries").status_code == 404
    assert dealer.ask("POST", f"{path}/delete").status_code == 404
    assert (
        house.api(permissions={Permission.ORDERS_READ}).ask("GET", "/webhooks/subscriptions").status_code
        == 403
    )
    assert house.nobody().ask("GET", "/webhooks/subscriptions").status_code == 401


def test_a_secret_is_kept_under_no_key(house: House):
    api = house.api()
    keyed = {"Idempotency-Key": "one"}
    refused = api.ask("POST", "/webhooks/subscriptions", json=ASKED, headers=keyed)
    assert (refused.status_code, refused.json()["code"]) == (422, "secret_once_per_key")
    made = api.ask("POST", "/webhooks/subscriptions", json=ASKED).json()
    renewed = api.ask("POST", f"/webhooks/subscriptions/{made['id']}/renew-secret", headers=keyed)
    assert renewed.status_code == 422
    with house.database.reading() as conn:
        assert conn.execute("select count(*) from edge.answer").fetchone() == (0,)

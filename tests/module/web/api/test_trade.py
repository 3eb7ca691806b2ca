"""Terms, rules, books, boards, quotes, files and doctor over the API: exact values, and who may see them."""

from datetime import timedelta
from typing import Any

from loopline import org
from loopline.db.followers import catch_up
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Credits
from loopline.org import NewPassword, Permission, Role
from loopline.processes.place import Placed, place
from tests.make.api import Api, House
from tests.make.loop import hand_over_everything, pay_for
from tests.make.org import PASSWORD, add_person, succeeded
from tests.make.shop import NOON, ask, till_sale
from tests.make.touchpoints import member_of

DAY = timedelta(days=1)

UNPAID_TERMS = ("hold_minutes_least", "unpaid_per_member", "unpaid_per_address", "unpaid_per_device")


def sell_at_the_till(house: House, number: str = "T-1") -> None:
    with house.database.transaction() as conn:
        sale = till_sale(house.shop, number, credits=Credits(guide_id=house.shop.parties["GUIDE"]))
        (placed,) = succeeded(place(conn, [sale], scope=WHOLE_BRAND, now=NOON))
        assert isinstance(placed, Placed)
        pay_for(conn, house.shop, placed)
        hand_over_everything(conn, now=NOON)


def follow(house: House) -> None:
    """Bring every follower to the end of the log, and then to what the first of them told."""
    for _ in range(2):
        catch_up(house.database, FOLLOWERS, now=NOON)


def test_a_quote_says_what_decided(house: House):
    api = house.api()
    cart = {"currency": "CNY", "channel": "web", "country": "CN", "lines": [{"sku_code": "COAT", "units": 2}]}
    (quote,) = api.granted("/quotes", cart)
    assert (quote["amount_minor"], quote["tax_minor"], quote["day"]) == (22_600, 2_600, "2026-03-02")
    assert quote["lines"][0]["decided_by"] == "base"
    assert api.granted("/quotes", cart) == [quote]
    assert api.refused(
        "/quotes",
        cart | {"lines": [{"sku_code": "GHOST", "units": 1}]},
        cart | {"country": None},
        cart | {"currency": "EUR"},
        cart | {"lines": [{"sku_code": "COAT", "units": 1, "stated_unit_minor": 1}]},
    ) == ["no_such_thing", "place_not_said", "no_price", "stated_price_differs"]
    dealer = house.as_role(Role.STORE_MANAGER, branch="U-D")
    assert dealer.refused("/quotes", cart | {"site_code": "S"}) == ["not_in_your_branch"]
    told = api.ask("POST", "/quotes/explanations", json={"cart": cart, "position": 0}).json()
    assert [(one["price_list_code"], one["standing"]) for one in told["candidates"]] == [("BASE", "decides")]
    assert api.ask("POST", "/quotes/explanations", json={"cart": cart, "position": 1}).status_code == 404


def test_availability_is_exact_for_colleagues_and_capped_for_others(house: House):
    api = house.api()
    api.granted("/stock/facts", {"site_code": "S", "sku_code": "COAT", "reason": "receipt", "on_hand": 5})
    shown = api.get("/availability", sku_code="COAT", channel="web")
    assert {one["site_code"]: one["units"] for one in shown["sites"]} == {"W": 10, "S": 15, "D": 10}
    assert shown["deliverable"] == [{"sku_code": "COAT", "units": 35, "is_capped": False}]
    public = house.nobody().get("/availability", sku_code="COAT", channel="web")
    assert {one["site_code"]: (one["units"], one["is_capped"]) for one in public["sites"]} == {
        "S": (10, True),
        "D": (10, True),
    }
    assert public["deliverable"] == [{"sku_code": "COAT", "units": 10, "is_capped": True}]
    with house.database.transaction() as conn:
        succeeded(place(conn, [ask(house.shop, "W-1")], scope=WHOLE_BRAND, now=NOON))
    assert api.get("/availability", sku_code="COAT", channel="web")["deliverable"][0]["units"] == 34
    assert house.nobody().ask("GET", "/availability").status_code == 400


def test_the_terms_of_trade_are_set(house: House):
    api = house.api()
    nodes = [one for one in api.get("/stock/nodes")["items"] if one["kind"] in {"network", "leaf"}]
    network = next(one["id"] for one in nodes if one["kind"] == "network")
    leaf = next(one["id"] for one in nodes if one["kind"] == "leaf")
    live = {"code": "livestream", "name": "Live", "network_node_id": network, "hold_minutes": 15}
    said_nothing = {"may_state_price": False, "time_zone": "UTC", **dict.fromkeys(UNPAID_TERMS)}
    assert api.granted("/channels", live) == [live | said_nothing]
    said = live | {"hold_minutes_least": 5, **dict.fromkeys(UNPAID_TERMS[1:], 3)}
    assert api.granted("/channels", said) == [said | {"may_state_price": False, "time_zone": "UTC"}]
    for least in (1, 16):
        assert api.refused("/channels", live | {"hold_minutes_least": least}) == ["hold_times_crossed"]
    assert api.refused("/channels", live | {"hold_minutes": None, "hold_minutes_least": 2}) == [
        "hold_times_crossed"
    ]
    assert [one["hold_minutes_least"] for one in api.get("/channels")["items"]] == [5, None, None]
    assert api.refused("/channels", live | {"network_node_id": leaf}, live | {"time_zone": "Mars/Base"}) == [
        "no_such_thing",
        "no_such_thing",
    ]
    assert [one["code"] for one in api.get("/channels")["items"]] == ["livestream", "till", "web"]
    api.granted("/site-limits", {"site_code": "S", "tasks_per_day": 7})
    (day,) = api.get("/site-days", day="2026-03-02", site_code="S")["items"]
    assert (day["tasks_limit"], day["left"]) == (7, 7)
    cost = {
        "site_code": "S",
        "currency": "CNY",
        "handling_minor": 1,
        "hundred_kilometres_minor": 2,
        "kilogram_minor": 3,
    }
    assert api.granted("/site-costs", cost) == [cost]
    assert api.get("/site-costs", currency="CNY", site_code="S")["items"] == [cost]
    window = {"days": 7, "channel": None, "category": None, "effective_from": NOON.isoformat()}
    assert api.granted("/return-windows", window)[0]["days"] == 7
    assert api.granted("/return-windows", window | {"days": 30})[0]["days"] == 7
    past = (NOON - DAY).isoformat()
    assert api.refused("/return-windows", window | {"effective_from": past}) == ["window_in_the_past"]
    manager = house.as_role(Role.STORE_MANAGER, branch="U-D")
    assert manager.refused("/site-limits", {"site_code": "S", "tasks_per_day": 0}) == ["not_in_your_branch"]
    for path, item in (("/channels", live), ("/site-costs", cost), ("/return-windows", window)):
        assert manager.ask("POST", path, json={"items": [item]}).status_code == 403


def test_rules_are_drafted_told_what_is_wrong_and_published(house: House):
    finance_key = house.as_role(Role.FINANCE, branch="HX")
    rest = {"role": "brand", "remainder": True}
    draft: dict[str, Any] = {"currency": "CNY", "comment": "Second", "rows": [rest]}
    answer = finance_key.ask("POST", "/rule-sets", json={"items": [draft]})
    assert (
        answer.json()["code"] == "not_by_key"
    )  # made at the console: nobody would answer for what it writes
    maker = finance_of(house)
    bad = draft | {"rows": [{"role": "guide", "basis_points": 20_000}]}
    assert maker.ask("POST", "/rule-sets", json={"items": [bad]}).status_code == 400
    saved = maker.granted("/rule-sets", draft, draft | {"rows": [{"role": "guide", "basis_points": 300}]})
    assert saved[0]["problems"] == []
    assert saved[1]["problems"] == ["No row says who gets the remainder."]
    later = (NOON + DAY).isoformat()
    seen = [{"id": one["id"], "saved_at": one["saved_at"]} for one in saved]
    first = {"untried_because": "nothing was sold yet"}
    outcomes = maker.post(
        "/rule-sets/publish",
        seen[1],
        seen[0] | first | {"effective_from": (NOON - DAY).isoformat()},
        seen[0] | first | {"saved_at": NOON.isoformat()},
        seen[0] | {"effective_from": later},
        seen[0] | first | {"effective_from": later},
    )
    assert [one.get("problem", {}).get("code") for one in outcomes] == [
        "rule_set_has_problems",
        "effective_in_the_past",
        "rule_set_saved_meanwhile",
        "say_why_untried",
        None,
    ]
    assert maker.refused("/rule-sets/publish", seen[0]) == ["rule_set_is_published"]
    assert (
        maker.ask("POST", "/rule-sets/publish", json={"items": [{"id": saved[0]["id"]}]}).status_code == 400
    )
    shown = maker.get(f"/rule-sets/{saved[0]['id']}")
    assert (shown["state"], shown["author"], shown["comment"]) == ("published", "money", "Second")
    assert (shown["method"], shown["trial_id"], shown["untried_because"]) == (1, None, "nothing was sold yet")
    assert [one["version"] for one in maker.get("/rule-sets")["items"]] == [3, 2, 1]
    branch = house.api(branch="EAST", permissions=[Permission.SHARING_WRITE])
    assert branch.ask("POST", "/rule-sets", json={"items": [draft]}).status_code == 403


def finance_of(house: House) -> Api:
    """Somebody of finance, signed in."""
    with house.database.transaction() as conn:
        person_id = add_person(conn, "money", at="HX", role=Role.FINANCE)
        password = NewPassword(person_id=person_id, password=PASSWORD)
        succeeded(org.set_passwords(conn, [password], by=None, now=NOON))
    begun = house.nobody().ask("POST", "/sessions", json={"sign_in_name": "money", "password": PASSWORD})
    return Api(house.client, begun.json()["token"])


def test_who_earned_sees_it_and_a_branch_sees_its_own(house: House):
    sell_at_the_till(house)
    follow(house)
    api = house.api()
    (share,) = api.get("/parties/GUIDE/shares")["items"][:1]
    total = sum(one["amount_minor"] for one in api.get("/parties/GUIDE/shares")["items"])
    assert total == 420  # 3 % of the net 14,000
    assert (share["role"], share["state"], share["currency"]) == ("guide", "pending", "CNY")
    (balance,) = api.get("/parties/GUIDE/balances")["items"]
    assert (balance["owed_minor"], balance["entity_code"]) == (420, "BRAND-CO")
    pages = list(api.pages("/parties/GUIDE/shares", limit=1))
    assert [len(page) for page in pages] == [1, 1]
    nothing = api.get("/parties/GUIDE/shares", ordered_until="2026-03-01T00:00:00Z")
    assert nothing["items"] == []
    manager = house.as_role(Role.STORE_MANAGER, branch="U-S")
    assert len(manager.get("/parties/GUIDE/shares")["items"]) == 2
    assert manager.ask("GET", "/parties/BRAND/shares").status_code == 404
    assert manager.ask("GET", "/parties/GHOST/shares").status_code == 404
    guide = house.as_role(Role.GUIDE, branch="U-S")
    assert guide.ask("GET", "/parties/GUIDE/shares").status_code == 403


def test_the_books_sum_to_zero_and_are_read_by_those_who_keep_them(house: House):
    sell_at_the_till(house)
    follow(house)
    auditor = house.as_role(Role.AUDITOR, branch="HX")
    rows = [row for page in auditor.pages("/ledger/balances", limit=3) for row in page]
    assert sum(row["balance_minor"] for row in rows) == 0
    assert {row["purpose"]: row["balance_minor"] for row in rows}["revenue"] == -14_000
    (revenue,) = auditor.get("/ledger/balances", purpose="revenue")["items"]
    assert revenue["entity_code"] == "BRAND-CO"
    of_dealer = house.api(branch="DEALER", permissions=[Permission.LEDGER_READ])
    assert of_dealer.get("/ledger/balances")["items"] == []
    assert house.as_role(Role.GUIDE, branch="U-S").ask("GET", "/ledger/balances").status_code == 403


def test_the_board_shows_ones_branch(house: House):
    sell_at_the_till(house)
    follow(house)
    board = house.api().get("/boards/sales")
    assert (board["today"]["net_minor"], board["today"]["orders"], board["currency"]) == (15_820, 1, "CNY")
    dealer = house.as_role(Role.DEALER, branch="DEALER").get("/boards/sales")
    assert (dealer["today"]["net_minor"], dealer["today"]["orders"]) == (0, 0)
    assert house.as_role(Role.PACKER, branch="U-S").ask("GET", "/boards/sales").status_code == 403


def test_doctor_finds_nothing_and_then_what_was_broken(house: House):
    sell_at_the_till(house)
    auditor = house.as_role(Role.AUDITOR, branch="HX")
    catch_up(house.database, FOLLOWERS, now=NOON)
    behind = auditor.ask("POST", "/doctor").json()
    assert behind["ok"] is True
    assert "sales_equal_orders" in behind["left_out"]
    follow(house)
    found = auditor.ask("POST", "/doctor").json()
    assert (found["ok"], found["left_out"]) == (True, [])
    assert {check["name"] for check in found["checks"]} > {check["name"] for check in behind["checks"]}
    with house.database.owner_transaction() as conn:
        conn.execute("update stock.leaf_stock set on_hand = on_hand + 1 where on_hand = 10")
    broken = auditor.ask("POST", "/doctor").json()
    assert broken["ok"] is False
    assert house.as_role(Role.STORE_MANAGER, branch="U-S").ask("POST", "/doctor").status_code == 403


FILE = (
    "product_code,product_name,sku_code,sku_name,tax_class\n"
    "LAMP,Lamp,LAMP-1,Lamp one,standard\n"
    "LAMP,Lamp,LAMP-2,Lamp two,{tax_class}\n"
)


def test_a_file_is_previewed_and_taken_over_whole(house: House):
    api = house.api()
    content = FILE.format(tax_class="standard").encode()
    asked = {"content": content, "headers": {"content-type": "text/csv"}}
    preview = api.ask("POST", "/catalogue/imports/preview?format=csv", **asked).json()
    assert (preview["is_applicable"], preview["added_total"], preview["refused"]) == (True, 3, [])
    assert api.get("/skus", code="LAMP-1")["items"] == []
    path = f"/catalogue/imports?format=csv&preview_hash={preview['preview_hash']}"
    other = FILE.format(tax_class="standard").replace("Lamp two", "Lamp 2").encode()
    refused = api.ask("POST", path, content=other, headers=asked["headers"])
    assert (refused.status_code, refused.json()["code"]) == (409, "not_as_previewed")
    applied = api.ask("POST", path, **asked)
    assert (applied.status_code, applied.json()["skus_added"]) == (200, 2)
    assert [sku["code"] for sku in api.get("/skus", code=["LAMP-1", "LAMP-2"])["items"]] == [
        "LAMP-1",
        "LAMP-2",
    ]


def test_a_file_with_a_refused_row_changes_nothing(house: House):
    api = house.api()
    asked = {"content": FILE.format(tax_class="ghost").encode(), "headers": {"content-type": "text/csv"}}
    preview = api.ask("POST", "/catalogue/imports/preview?format=csv", **asked).json()
    assert preview["is_applicable"] is False
    assert [(row["line"], row["field"], row["code"]) for row in preview["refused"]] == [
        (3, "tax_class", "unknown_tax_class")
    ]
    path = f"/catalogue/imports?format=csv&preview_hash={preview['preview_hash']}"
    assert api.ask("POST", path, **asked).json()["code"] == "import_has_refused_rows"
    assert api.get("/skus", code="LAMP-1")["items"] == []
    dealer = house.api(branch="DEALER")
    assert dealer.ask("POST", "/catalogue/imports/preview?format=csv", **asked).status_code == 403
    answer = api.ask("POST", "/catalogue/imports/preview?format=xlsx", **asked)
    assert answer.json()["code"] == "file_unreadable"


def test_rules_are_tried_on_the_past_by_who_writes_them(house: House):
    maker = finance_of(house)
    rest = {"role": "brand", "remainder": True}
    wide = {
        "role": "territory",
        "basis_points": 500,
        "base": "paid",
        "cap_minor": 1_000,
        "regions": ["3101", "32"],
        "sold_from": NOON.isoformat(),
    }
    draft: dict[str, Any] = {"currency": "CNY", "comment": "Wider", "rows": [wide, rest]}
    (saved,) = maker.granted("/rule-sets", draft)
    assert (saved["problems"], saved["limits"]) == ([], [])
    parcel = {"role": "shipping_site", "amount_minor": 300, "per": "parcel"}
    again = draft | {"id": saved["id"], "rows": [wide, parcel, rest]}
    assert maker.refused("/rule-sets", again) == ["rule_set_saved_meanwhile"]
    (more,) = maker.granted("/rule-sets", again | {"saved_at": saved["saved_at"]})
    assert more["limits"] == [
        {"rows": [1, 2], "below_minor": 321, "net_percent": 0},  # 300 / (1 - 1.27 × 5 %)
        {"rows": [2], "below_minor": 300, "net_percent": 0},
    ]
    assert maker.refused("/rule-sets", again | {"saved_at": saved["saved_at"]}) == [
        "rule_set_saved_meanwhile"
    ]
    asked = {"id": saved["id"], "saved_at": more["saved_at"], "untried_because": "nothing was sold yet"}
    assert maker.refused("/rule-sets/publish", asked) == ["limits_not_accepted"]
    (saved,) = maker.granted("/rule-sets", draft | {"id": saved["id"], "saved_at": more["saved_at"]})
    (row, _) = maker.get(f"/rule-sets/{saved['id']}")["rows"]
    assert (row["base"], row["cap_minor"], row["regions"]) == ("paid", 1_000, ["3101", "32"])
    odd = draft | {"rows": [wide | {"per": "order"}, rest]}
    assert maker.refused("/rule-sets", odd) == ["row_misshapen"]
    span = {"sold_from": (NOON - DAY).isoformat(), "sold_until": NOON.isoformat()}
    ask = {"rule_set_id": saved["id"], **span}
    (asked,) = maker.granted("/rule-sets/trials", ask)
    backwards = ask | {"sold_until": span["sold_from"]}
    assert maker.refused("/rule-sets/trials", backwards) == ["trial_time_empty"]
    (standing,) = maker.get(f"/rule-sets/{saved['id']}/trials")["items"]
    assert (standing["id"], standing["done_parts"]) == (asked["id"], 0)
    reader = house.as_role(Role.AUDITOR, branch="HX")
    assert reader.ask("GET", f"/rule-sets/{saved['id']}/trials").status_code == 403
    branch = house.api(branch="EAST", permissions=[Permission.SHARING_WRITE])
    assert branch.ask("POST", "/rule-sets/trials", json={"items": [ask]}).status_code == 403


def test_finance_notes_who_of_those_who_earn_is_a_member(house: House):
    maker = finance_of(house)
    with house.database.transaction() as conn:
        member_id = str(member_of(conn))
    assert maker.get("/parties/GUIDE/own-members") == {"items": []}
    noted = {"party_code": "GUIDE", "member_id": member_id}
    assert maker.granted("/parties/own-members", {"party_code": "GUIDE", "member": member_id}) == [noted]
    assert maker.granted("/parties/own-members", {"party_code": "GUIDE", "member": member_id}) == [noted]
    assert maker.get("/parties/GUIDE/own-members") == {"items": [noted]}
    assert maker.refused(
        "/parties/own-members",
        {"party_code": "STORE-S", "member": member_id},
        {"party_code": "GUIDE", "member": "13900000000"},
    ) == ["own_party_unknown", "own_member_unknown"]
    assert maker.ask("GET", "/parties/NOBODY/own-members").status_code == 404
    branch = house.api(branch="EAST", permissions=[Permission.SHARING_WRITE])
    asked = {"items": [{"party_code": "GUIDE", "member": member_id}]}
    assert branch.ask("POST", "/parties/own-members", json=asked).status_code == 403
    assert branch.ask("GET", "/parties/GUIDE/own-members").status_code == 403

"""Members over the API for staff: registered, found for a purpose, masked, within the branch."""

from typing import Any, cast
from uuid import UUID

from loopline.customers import BindingRole, IdentityKind, NewBinding, bind_members, last_accesses
from loopline.kernel.ids import MemberId
from loopline.kernel.scope import WHOLE_BRAND, Scope
from loopline.org import Permission, Role
from loopline.web.edge import Edge
from loopline.web.hq.order_text import members_meant
from tests.make.api import Api, House
from tests.make.shop import NOON
from tests.module.web.api.test_orders import till_sale

LI = {"identities": [{"kind": "phone", "value": "13800001234"}], "name": "李雷"}
HAN = {"identities": [{"kind": "phone", "value": "13900001234"}], "name": "韩梅梅"}


def found(api: Api, **by: str) -> list[dict[str, object]]:
    answer = api.ask("POST", "/members/find", json={"purpose": "a call", **by})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_members_are_registered_once_and_found_masked(house: House):
    api = house.api()
    first, second = api.granted("/members", LI, HAN)
    assert (first["was_known"], second["was_known"]) == (False, False)
    assert api.granted("/members", LI) == [
        {"member_id": first["member_id"], "was_known": True, "left_out": []}
    ]
    by_phone = found(api, phone="+86 138 0000 1234")
    assert by_phone == [
        {
            "member_id": first["member_id"],
            "name": "李••",
            "phones": ["+86•••1234"],
            "guide_code": None,
            "dealer_code": None,
        }
    ]
    assert {one["member_id"] for one in found(api, last_four="1234")} == {
        first["member_id"],
        second["member_id"],
    }
    assert [one["member_id"] for one in found(api, name="韩梅梅")] == [second["member_id"]]
    assert found(api, phone="13700000000") == []


def test_who_looked_and_what_for_is_written_down(house: House):
    api = house.api()
    (kept,) = api.granted("/members", LI)
    found(api, phone="13800001234")
    with house.database.reading() as conn:
        (access,) = last_accesses(conn, MemberId(UUID(kept["member_id"])), limit=5)
    assert (access.purpose, access.actor.startswith("key:")) == ("a call", True)
    without = api.ask("POST", "/members/find", json={"phone": "13800001234"})
    assert (without.status_code, without.json()["errors"][0]["field"]) == (400, "purpose")
    both = api.ask("POST", "/members/find", json={"purpose": "a call", "phone": "1", "name": "x"})
    assert (both.status_code, both.json()["code"]) == (422, "nothing_to_find_by")


def test_one_bad_member_refuses_itself_alone(house: House):
    bad = {"identities": [{"kind": "phone", "value": "12"}]}
    outcomes = house.api().post("/members", bad, LI)
    assert [one.get("problem", {}).get("code") for one in outcomes] == ["identity_not_valid", None]


def test_a_branch_sees_its_own_members_alone(house: House):
    kept = house.api().granted("/members", LI, HAN)
    store, dealer = house.api(branch="U-S"), house.api(branch="DEALER")
    assert found(store, last_four="1234") == []
    with house.database.transaction() as conn:
        binding = NewBinding(
            member_id=MemberId(UUID(kept[0]["member_id"])),
            role=BindingRole.GUIDE,
            party_id=house.shop.parties["GUIDE"],
            reason="test",
        )
        bind_members(conn, [binding], now=NOON)
    assert [(one["member_id"], one["guide_code"]) for one in found(store, last_four="1234")] == [
        (kept[0]["member_id"], "GUIDE")
    ]
    assert found(dealer, last_four="1234") == []
    assert dealer.ask("GET", f"/members/{kept[0]['member_id']}/timeline").status_code == 404
    assert store.get(f"/members/{kept[0]['member_id']}/timeline")["items"] == []
    yes = {
        "member_id": kept[0]["member_id"],
        "purpose": "marketing",
        "channel": "guide",
        "receiver_code": "GUIDE",
        "granted": True,
        "source": "form 3",
    }
    assert dealer.refused("/members/consents", yes) == ["member_unknown"]
    assert store.granted("/members/consents", yes) == [{"in_force": True}]
    (told,) = store.get(f"/members/{kept[0]['member_id']}/consents")
    assert (told["receiver_code"], told["granted"]) == ("GUIDE", True)


def test_who_may_not_see_members_does_not(house: House):
    packer = house.as_role(Role.PACKER, branch="U-S")
    assert packer.ask("POST", "/members", json={"items": [LI]}).status_code == 403
    assert packer.ask("POST", "/members/find", json={"purpose": "a call", "name": "李雷"}).status_code == 403
    assert house.nobody().ask("POST", "/members", json={"items": [LI]}).status_code == 401


def test_a_timeline_is_read_page_by_page_even_within_one_moment(house: House):
    api = house.api()
    (kept,) = api.granted("/members", LI)
    with house.database.transaction() as conn:
        conn.execute(
            "insert into customers.moment select %s, %s, 'visit', ('00000000-0000-7000-8000-00000000000' || n)::uuid"
            " from generate_series(1, 5) as n",
            (kept["member_id"], NOON),
        )
    pages = list(api.pages(f"/members/{kept['member_id']}/timeline", limit=2))
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({one["subject"] for page in pages for one in page}) == 5


def identities(house: House) -> list[tuple[str, int]]:
    with house.database.reading() as conn:
        return conn.execute(
            "select kind, count(*) from customers.identity group by kind order by kind"
        ).fetchall()


def of(kind: IdentityKind, *values: str) -> list[dict[str, str]]:
    return [{"kind": kind.value, "value": value} for value in values]


VICTIM, MINE = "13800000001", "13911112222"


def test_nobody_takes_over_a_member_by_adding_a_phone(house: House):
    brand, guide = house.api(), house.as_role(Role.GUIDE, branch="U-D")
    (victim,) = brand.granted("/members", {"identities": of(IdentityKind.PHONE, VICTIM)})
    both = {"identities": of(IdentityKind.PHONE, VICTIM, MINE), "name": "A Guide"}
    for caller in (guide, brand):
        (kept,) = caller.granted("/members", both)
        assert kept == {"member_id": victim["member_id"], "was_known": True, "left_out": ["phone"]}
    assert identities(house) == [("phone", 1)]
    assert found(brand, phone=MINE) == []
    # Not even where a batch makes somebody first, and not a second phone for somebody new.
    first, second = guide.granted(
        "/members",
        {"identities": of(IdentityKind.PHONE, "13700000001")},
        {"identities": of(IdentityKind.PHONE, "13700000001", MINE)},
    )
    assert (second["member_id"], second["left_out"]) == (first["member_id"], ["phone"])
    (new,) = brand.granted("/members", {"identities": of(IdentityKind.PHONE, "13700000002", MINE)})
    assert (new["was_known"], new["left_out"]) == (False, ["phone"])
    assert found(brand, phone=MINE) == []


def test_a_known_member_gets_a_card_or_a_name_from_the_whole_brand_alone(house: House):
    brand, store = house.api(), house.as_role(Role.STORE_MANAGER, branch="U-S")
    (known,) = store.granted("/members", {"identities": of(IdentityKind.PHONE, VICTIM)})
    card = {
        "identities": of(IdentityKind.PHONE, VICTIM) + of(IdentityKind.CARD, "C-1"),
        "name": "李雷",
    }
    (kept,) = store.granted("/members", card)
    assert kept == {"member_id": known["member_id"], "was_known": True, "left_out": ["card"]}
    assert (identities(house), found(brand, name="李雷")) == ([("phone", 1)], [])
    assert brand.granted("/members", card) == [kept | {"left_out": []}]
    assert identities(house) == [("card", 1), ("phone", 1)]
    assert [one["member_id"] for one in found(brand, name="李雷")] == [known["member_id"]]


def test_a_till_registers_a_phone_and_finds_it_again(house: House):
    till = house.as_role(Role.GUIDE, branch="U-S")
    (kept,) = till.granted("/members", LI)
    assert (kept["was_known"], kept["left_out"]) == (False, [])
    assert till.granted("/members", LI) == [kept | {"was_known": True}]


def test_members_of_others_are_not_named_in_a_refusal(house: House):
    brand, guide = house.api(), house.as_role(Role.GUIDE, branch="U-D")
    brand.granted("/members", *({"identities": of(IdentityKind.PHONE, one)} for one in (VICTIM, MINE)))
    both = {"identities": of(IdentityKind.PHONE, VICTIM, MINE)}
    (refused,) = guide.post("/members", both)
    assert refused["problem"]["code"] == "identities_of_several_members"
    assert refused["problem"]["fields"]["member_ids"] == []
    (told,) = brand.post("/members", both)
    assert len(told["problem"]["fields"]["member_ids"]) == 2


def test_a_store_finds_its_customer_among_namesakes_of_the_whole_brand(house: House):
    phones = [f"138{place:04}1234" for place in range(520)]
    kept = house.api().granted(
        "/members", *({"identities": of(IdentityKind.PHONE, one), "name": "王伟"} for one in phones)
    )
    last = max(one["member_id"] for one in kept)
    with house.database.transaction() as conn:
        binding = NewBinding(
            member_id=MemberId(UUID(last)),
            role=BindingRole.GUIDE,
            party_id=house.shop.parties["GUIDE"],
            reason="test",
        )
        bind_members(conn, [binding], now=NOON)
    store = house.api(branch="U-S")
    assert [one["member_id"] for one in found(store, last_four="1234")] == [last]
    assert [one["member_id"] for one in found(store, name="王伟")] == [last]
    assert len(found(house.api(), last_four="1234")) == 20
    sold = till_sale("T-1", member_id=min(one["member_id"] for one in kept))
    house.api().ask("POST", "/orders", json=sold)
    assert len(found(store, name="王伟")) == 2


def test_orders_are_searched_by_those_of_many_members_who_bought_there(house: House):
    kept = house.api().granted(
        "/members", *({"identities": of(IdentityKind.PHONE, f"138{place:04}1234")} for place in range(520))
    )
    buyer = max(one["member_id"] for one in kept)
    house.api().ask("POST", "/orders", json=till_sale("T-1", member_id=buyer))
    edge = cast("Edge", cast("Any", house.client).app.state["edge"])
    with house.database.reading() as conn:
        for scope, meant in (
            (WHOLE_BRAND, [buyer]),
            (Scope(sites=frozenset({house.shop.sites["S"]})), [buyer]),
            (Scope(sites=frozenset({house.shop.sites["D"]})), []),
        ):
            branches = {Permission.ORDERS_READ: scope, Permission.MEMBERS_READ: scope}
            members = members_meant(conn, "1234", ring=edge.ring, branches=branches)
            assert [str(one) for one in members] == meant

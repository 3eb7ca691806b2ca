"""Members over the API for staff: registered, found for a purpose, masked, within the branch."""

from uuid import UUID

from loopline.customers import BindingRole, NewBinding, bind_members, last_accesses
from loopline.kernel.ids import MemberId
from loopline.org import Role
from tests.make.api import Api, House
from tests.make.shop import NOON

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
    assert api.granted("/members", LI) == [{"member_id": first["member_id"], "was_known": True}]
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

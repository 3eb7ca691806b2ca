from datetime import timedelta
from uuid import UUID

import pytest

from loopline.customers import (
    IdentitiesOfSeveralMembers,
    Identity,
    IdentityKind,
    IdentityNotValid,
    NameNotValid,
    NewMember,
    NoIdentity,
    Registered,
    masked_name,
    masked_phone,
)
from loopline.customers.rules import (
    IdentityKey,
    last_four,
    latest_consents,
    normalised,
    normalised_value,
    plan_registrations,
    searchable_name,
)
from loopline.kernel.ids import MemberId
from tests.make.customers import BRAND, DEALER, NOON, consent_key, says

PHONE = IdentityKind.PHONE


@pytest.mark.parametrize(
    ("kind", "value", "country", "written"),
    [
        (PHONE, "138 0013 8000", "CN", "+8613800138000"),
        (PHONE, "+86 138-0013-8000", "GB", "+8613800138000"),
        (PHONE, "０２０ ７９４６ ００１８", "GB", "+442079460018"),
        (PHONE, "020 7946 0018", "CN", "+862079460018"),
        (PHONE, "12", "CN", None),
        (PHONE, "call me", "CN", None),
        (IdentityKind.CARD, " ab-12 34 ", "CN", "AB1234"),
        (IdentityKind.CARD, "--", "CN", None),
        (IdentityKind.EMAIL, "Li.Wei@Example.COM", "CN", "li.wei@example.com"),
        (IdentityKind.EMAIL, "li.wei@localhost", "CN", None),
        (IdentityKind.EMAIL, "@example.com", "CN", None),
        (IdentityKind.WECHAT_UNION, " oAbC ", "CN", "oAbC"),
        (IdentityKind.MARKETPLACE_BUYER, "tmall:x\0y", "CN", None),
        (IdentityKind.CUSTOMER_NUMBER, "", "CN", None),
        (IdentityKind.CUSTOMER_NUMBER, "9" * 201, "CN", None),
    ],
)
def test_an_identity_is_written_in_one_way(kind: IdentityKind, value: str, country: str, written: str | None):
    assert normalised_value(Identity(kind=kind, value=value), country=country) == written


def test_a_member_is_written_in_one_way_each_identity_once():
    said = NewMember(
        identities=(
            Identity(kind=PHONE, value="13800138000"),
            Identity(kind=PHONE, value="+86 138 0013 8000"),
        ),
        name="  李伟 ",
    )
    assert normalised(said) == NewMember(
        identities=(Identity(kind=PHONE, value="+8613800138000"),), name="李伟"
    )


def test_what_cannot_be_a_member_is_refused_without_its_data():
    assert normalised(NewMember(identities=())) == NoIdentity()
    refusal = normalised(NewMember(identities=(Identity(kind=PHONE, value="12345"),)))
    assert refusal == IdentityNotValid(kind=PHONE)
    assert "12345" not in str(refusal)
    good = Identity(kind=PHONE, value="13800138000")
    assert normalised(NewMember(identities=(good,), name="a\0")) == NameNotValid()
    assert normalised(NewMember(identities=(good,), name=" ")) == NameNotValid()


def test_names_are_compared_without_width_case_and_spaces():
    assert searchable_name("Ｌｉ  Wei ") == searchable_name("li wei") == "li wei"
    assert searchable_name("李伟") != searchable_name("李维")


def test_what_most_roles_see():
    assert masked_phone("+8613800138000") == "+86•••8000"
    assert masked_phone("12345") == "•••"
    assert masked_name("李伟") == "李••"
    assert not masked_name("")
    assert last_four(Identity(kind=PHONE, value="+8613800138000")) == "8000"
    assert last_four(Identity(kind=IdentityKind.CARD, value="1234")) is None


def key(letter: str) -> IdentityKey:
    return IdentityKind.CARD, letter.encode()


def member_id(number: int) -> MemberId:
    return MemberId(UUID(int=number))


def test_registrations_are_decided_one_after_the_other():
    items = [
        [key("a")],  # known
        [key("b"), key("c")],  # new
        [key("c"), key("d")],  # the one before, with one more
        [key("a"), key("e")],  # known, with one more
        [key("e")],  # the same
        [key("a"), key("b")],  # two members
        [key("f"), key("b"), key("a")],  # two members: f stays free
        [key("f")],  # new
    ]
    plan = plan_registrations(
        items, known={key("a"): member_id(100)}, new_ids=[member_id(position) for position in range(8)]
    )
    several = IdentitiesOfSeveralMembers(count=2, member_ids=(member_id(100), member_id(1)))
    several_other_way = IdentitiesOfSeveralMembers(count=2, member_ids=(member_id(1), member_id(100)))
    assert plan.outcomes == [
        Registered(member_id=member_id(100), was_known=True),
        Registered(member_id=member_id(1), was_known=False),
        Registered(member_id=member_id(1), was_known=True),
        Registered(member_id=member_id(100), was_known=True),
        Registered(member_id=member_id(100), was_known=True),
        several,
        several_other_way,
        Registered(member_id=member_id(7), was_known=False),
    ]
    assert plan.new_members == {member_id(1): 1, member_id(7): 7}
    assert plan.additions == [(1, 0), (1, 1), (2, 1), (3, 1), (7, 0)]


def test_the_latest_statement_stands_and_of_two_at_once_the_no():
    sms = consent_key(member_id(1))
    dealers = consent_key(member_id(1), receiver_id=DEALER)
    assert sms.receiver_id == BRAND
    yes, no = says(sms, granted=True), says(sms, granted=False)
    later_yes = says(sms, granted=True, at=NOON + timedelta(seconds=1))
    of_dealer = says(dealers, granted=True)
    assert latest_consents([yes, of_dealer]) == {sms: yes, dealers: of_dealer}
    assert latest_consents([yes, no]) == latest_consents([no, yes]) == {sms: no}
    assert latest_consents([later_yes, no]) == latest_consents([no, later_yes]) == {sms: later_yes}


def test_a_registration_adds_what_it_may_and_nobody_gets_a_second_phone():
    phone, other, card = (IdentityKind.PHONE, b"1"), (IdentityKind.PHONE, b"2"), key("c")
    items = [[phone, other, card], [phone, other, card], [other, phone], [(IdentityKind.PHONE, b"3"), other]]
    nothing, cards = frozenset[IdentityKind](), frozenset({IdentityKind.CARD})
    plan = plan_registrations(
        items,
        known={phone: member_id(100)},
        new_ids=[member_id(position) for position in range(4)],
        may_add=[nothing, cards, nothing, nothing],
    )
    assert plan.outcomes == [
        Registered(
            member_id=member_id(100), was_known=True, left_out=(IdentityKind.PHONE, IdentityKind.CARD)
        ),
        Registered(member_id=member_id(100), was_known=True, left_out=(IdentityKind.PHONE,)),
        Registered(member_id=member_id(100), was_known=True, left_out=(IdentityKind.PHONE,)),
        Registered(member_id=member_id(3), was_known=False, left_out=(IdentityKind.PHONE,)),
    ]
    assert plan.additions == [(1, 2), (3, 0)]

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from loopline.customers import UNUSABLE, Doubt, Recipient, doubts_of
from loopline.kernel.cities import CITIES, PROVINCES, City

HOME = Recipient(name="李雷", phone="+8613800138000", region_code="310100", street="愚园路 12 号 301 室")
ABROAD = Recipient(name="Ann Lee", phone="+442079460018", region_code="", street="Rose Cottage")


@pytest.mark.parametrize(
    ("changed", "doubts"),
    [
        ({}, ()),
        ({"name": "🌸🌸"}, (Doubt.NO_NAME, Doubt.UNPRINTABLE)),
        ({"name": "***"}, (Doubt.NO_NAME,)),
        ({"name": "13800138000"}, (Doubt.NAME_ODD,)),
        ({"name": "李" * 41}, (Doubt.NAME_LONG,)),
        ({"name": "李" * 40}, ()),
        ({"name": "𠮷野"}, (Doubt.UNPRINTABLE,)),
        ({"name": "李雷❤"}, (Doubt.UNPRINTABLE,)),
        ({"name": "李\u200b雷"}, (Doubt.UNPRINTABLE,)),
        ({"phone": ""}, (Doubt.NO_PHONE,)),
        ({"phone": "12345"}, (Doubt.NO_PHONE,)),
        ({"phone": "not 1234567"}, (Doubt.PHONE_ODD,)),
        ({"phone": "+862162488888"}, ()),
        ({"phone": "+864008001234"}, (Doubt.PHONE_ODD,)),
        ({"phone": "+442079460018"}, (Doubt.PHONE_ABROAD,)),
        ({"phone": "+85251234567", "region_code": "810000", "street": "皇后大道中 99 号"}, ()),
        ({"phone": "51234567", "region_code": "810000", "street": "皇后大道中 99 号"}, ()),
        ({"region_code": "810000", "street": "皇后大道中 99 号"}, (Doubt.PHONE_ABROAD,)),
        ({"region_code": "990100"}, (Doubt.REGION_UNKNOWN,)),
        ({"region_code": ""}, (Doubt.REGION_UNKNOWN,)),
        ({"street": "…"}, (Doubt.NO_STREET,)),
        ({"street": "愚园路"}, (Doubt.NO_NUMBER,)),
        ({"street": "愚园路十二号"}, ()),
        ({"street": "愚园路１２号"}, ()),
        ({"street": "愚园路 1088 弄 12 号"}, ()),
        ({"street": "人民广场"}, ()),
        ({"street": "愚园路百乐门大厦"}, ()),
        ({"street": "上海市静安区愚园路 12 号"}, ()),
        ({"street": "江苏省苏州市观前街 1 号"}, (Doubt.OTHER_PLACE,)),
        ({"street": "苏州市观前街 1 号"}, (Doubt.OTHER_PLACE,)),
        ({"street": "苏州市场 1 号"}, ()),
        ({"street": "江苏省苏州市观前街 1 号", "region_code": "320500"}, ()),
        ({"street": "江苏省南京市观前街 1 号", "region_code": "320500"}, (Doubt.OTHER_PLACE,)),
        ({"street": "江苏省苏州市观前街 1 号", "region_code": "320000"}, ()),
        ({"street": "江苏省苏州市观前街 1 号", "region_code": "320508"}, ()),
        ({"street": "愚园路 12 号，白天送南京西路 100 号"}, (Doubt.TWO_ADDRESSES,)),
        ({"street": "愚园路 12 号或者放门卫"}, (Doubt.TWO_ADDRESSES,)),
        ({"street": "1" * 101}, (Doubt.STREET_LONG,)),
        ({"street": "愚园路 12 号 № 3"}, ()),
    ],
)
def test_what_there_is_to_doubt(changed: dict[str, str], doubts: tuple[Doubt, ...]):
    assert doubts_of(replace(HOME, **changed)) == doubts


def test_abroad_a_house_may_have_no_number_and_no_region_of_ours():
    assert doubts_of(ABROAD, country="GB") == ()
    assert doubts_of(replace(ABROAD, phone=HOME.phone), country="GB") == (Doubt.PHONE_ABROAD,)
    assert doubts_of(replace(ABROAD, street="Oak St or Elm St"), country="GB") == (Doubt.TWO_ADDRESSES,)


@given(city=st.sampled_from(CITIES), other=st.sampled_from(CITIES))
def test_a_street_may_begin_with_its_own_city_and_with_no_other(city: City, other: City):
    def named(one: City) -> tuple[Doubt, ...]:
        street = f"{one.province_chinese}{one.chinese}人民路 12 号"
        return doubts_of(replace(HOME, region_code=city.region_code, street=street))

    assert named(city) == ()
    assert named(other) == (() if other == city else (Doubt.OTHER_PLACE,))


@given(city=st.sampled_from(CITIES), road=st.sampled_from(CITIES))
def test_roads_are_called_by_other_cities(city: City, road: City):
    street = f"{road.chinese.removesuffix('市')}路 12 号"
    assert doubts_of(replace(HOME, region_code=city.region_code, street=street)) == ()


@given(
    name=st.text(max_size=60),
    phone=st.text(max_size=20),
    region_code=st.sampled_from([*PROVINCES, "", "99"]).map(lambda code: f"{code}0100"),
    street=st.text(max_size=220),
)
def test_whatever_is_written_each_doubt_is_told_once_and_in_order(
    name: str, phone: str, region_code: str, street: str
):
    written = Recipient(name=name, phone=phone, region_code=region_code, street=street)
    found = doubts_of(written)
    assert list(found) == [one for one in Doubt if one in set(found)]
    # What has a letter in name and street, and seven digits to call, can be brought in spite of all.
    nothing_lacks = any(one.isalpha() for one in name) and any(one.isalnum() for one in street)
    if nothing_lacks and sum(one.isdigit() for one in phone) >= 7:
        assert UNUSABLE.isdisjoint(found)


@given(junk=st.sampled_from("🎁❤\ufe0f\u200d\U00020bb7\U000e0020"), place=st.integers(0, 14))
def test_one_sign_that_no_printer_writes_is_seen_wherever_it_stands(junk: str, place: int):
    street = HOME.street[:place] + junk + HOME.street[place:]
    assert Doubt.UNPRINTABLE in doubts_of(replace(HOME, street=street))

"""Who works for the made-up brand: those the sign-in page lists, and everybody else, named by where they stand."""

import msgspec

from loopline.org import Role
from loopline.simulator.brand.places import BRAND_UNIT, DEALERS, PLACES, STORES, Place


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """One of the brand's people: how they sign in, their name, and the roles they hold at their unit."""

    sign_in_name: str
    name: str
    unit_code: str
    roles: tuple[Role, ...]


class DemoAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One of the demo's people, who may sign in with the demo's password."""

    sign_in_name: str
    name: str
    role: Role
    unit_code: str


def guide_party(store_code: str, number: int) -> str:
    """The code of a store's guide as one that earns; guides are numbered from 1."""
    return f"GUIDE-{store_code}-{number}"


STREAMER_PARTY = "STREAMER-ALAN"
"""The streamer as one that earns."""
HUMAN_STORE = "S01"
"""The store whose manager is listed first: left to whoever signs in there."""
RULE_MAKER = "gu.finance"

ACCOUNTS = (
    DemoAccount(
        sign_in_name="shen.ops", name="沈知夏 Shen Zhixia", role=Role.HQ_OPERATIONS, unit_code=BRAND_UNIT
    ),
    DemoAccount(sign_in_name=RULE_MAKER, name="顾明远 Gu Mingyuan", role=Role.FINANCE, unit_code=BRAND_UNIT),
    DemoAccount(sign_in_name="xu.marketing", name="许念 Xu Nian", role=Role.MARKETING, unit_code=BRAND_UNIT),
    DemoAccount(
        sign_in_name="tang.service", name="唐果 Tang Guo", role=Role.CUSTOMER_SERVICE, unit_code=BRAND_UNIT
    ),
    DemoAccount(sign_in_name="lu.audit", name="陆衡 Lu Heng", role=Role.AUDITOR, unit_code=BRAND_UNIT),
    DemoAccount(
        sign_in_name="kong.dealer", name="孔令山 Kong Lingshan", role=Role.DEALER, unit_code="LUYUAN"
    ),
    DemoAccount(
        sign_in_name="s01.manager", name="林晓梅 Lin Xiaomei", role=Role.STORE_MANAGER, unit_code=HUMAN_STORE
    ),
    DemoAccount(sign_in_name="s01.guide1", name="周可 Zhou Ke", role=Role.GUIDE, unit_code=HUMAN_STORE),
    DemoAccount(
        sign_in_name="s01.guide2", name="陈小满 Chen Xiaoman", role=Role.GUIDE, unit_code=HUMAN_STORE
    ),
    DemoAccount(sign_in_name="s01.packer", name="吴大力 Wu Dali", role=Role.PACKER, unit_code=HUMAN_STORE),
    DemoAccount(sign_in_name="s25.manager", name="孙倩 Sun Qian", role=Role.STORE_MANAGER, unit_code="S25"),
    DemoAccount(sign_in_name="s25.guide1", name="马小跳 Ma Xiaotiao", role=Role.GUIDE, unit_code="S25"),
    DemoAccount(sign_in_name="w01.packer", name="郑师傅 Master Zheng", role=Role.PACKER, unit_code="W01"),
    DemoAccount(sign_in_name="alan.live", name="阿岚 Alan", role=Role.STREAMER, unit_code=BRAND_UNIT),
)
_LISTED = {one.sign_in_name: one for one in ACCOUNTS}

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高梁宋郑谢韩唐冯董萧程曹袁邓许"
    "傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚"
)
_GIVEN_NAMES = """
雨桐 子涵 欣怡 思远 嘉宁 一诺 梓萱 浩然 佳怡 若曦 晨曦 明轩 婉清 书瑶 俊杰 静雯 诗涵 文博 雅琪 志强
海燕 春梅 国栋 晓东 丽娜 建华 秀英 天宇 心怡 美玲 佩瑶 景行 知微 望舒 清越 南乔 北辰 听雨 怀瑾 予安
"""
_GIVEN = tuple(_GIVEN_NAMES.split())


def made_name(number: int) -> str:
    """Return the Chinese name of the somebody with a number; names repeat after some thousand people."""
    return _SURNAMES[(number * 7) % len(_SURNAMES)] + _GIVEN[(number * 11 + number // 67) % len(_GIVEN)]


def workers() -> tuple[Worker, ...]:
    """Return everybody: headquarters, dealers, and the people of every place in the order of the places."""
    headquarters = [_listed(one) for one in ACCOUNTS if one.unit_code == BRAND_UNIT]
    dealers = [
        _worker(f"{dealer.code.lower()}.dealer", dealer.code, Role.DEALER, 900 + number)
        for number, dealer in enumerate(DEALERS)
        if not any(one.role is Role.DEALER and one.unit_code == dealer.code for one in ACCOUNTS)
    ]
    dealers += [_listed(one) for one in ACCOUNTS if one.role is Role.DEALER]
    staff = [one for number, place in enumerate(PLACES) for one in _staff(place, number * 8)]
    return (*headquarters, *dealers, *staff)


def guides() -> tuple[tuple[Place, int], ...]:
    """Return every guide as store and number."""
    return tuple((store, number) for store in STORES for number in range(1, store.guides + 1))


def _staff(place: Place, number: int) -> list[Worker]:
    code = place.code.lower()
    staff = [
        _worker(f"{code}.manager", place.code, Role.STORE_MANAGER, number),
        _worker(f"{code}.packer", place.code, Role.PACKER, number + 1),
    ]
    return staff + [
        _worker(f"{code}.guide{guide}", place.code, Role.GUIDE, number + 1 + guide)
        for guide in range(1, place.guides + 1)
    ]


def _worker(sign_in_name: str, unit_code: str, role: Role, number: int) -> Worker:
    listed = _LISTED.get(sign_in_name)
    if listed is not None:
        return _listed(listed)
    return Worker(sign_in_name=sign_in_name, name=made_name(number), unit_code=unit_code, roles=(role,))


def _listed(one: DemoAccount) -> Worker:
    return Worker(sign_in_name=one.sign_in_name, name=one.name, unit_code=one.unit_code, roles=(one.role,))

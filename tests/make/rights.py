"""Who may open which address: `rights.txt` says it once, for the reference and for the test that tries all of it.

A line that begins with `#` names a room. Below it stand rules, and indented below each the addresses that keep to it. A
rule says who, and of what:

    anybody                                  nobody needs to sign in
    staff: all                               whoever is signed in at work
    members: own things                      whoever is signed in to the shop
    orders.read or members: own branch       a permission, within the branch it is held at
    stock.write and tasks.read: own branch   both
    earnings.read or oneself: own branch     what the person earned needs no permission
    sharing.write: whole brand               a permission, where it is held over everything
    prices.read: all                         a permission, wherever it is held
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

import msgspec

from loopline.org import ROLE_PERMISSIONS, Permission, Role

WRITTEN = Path(__file__).with_suffix(".txt")
# Below the brand only, by `loopline.org.permissions`: whatever is for who sees the whole brand is not for these.
BELOW_THE_BRAND = frozenset({Role.DEALER, Role.STORE_MANAGER, Role.GUIDE, Role.PACKER})


class Reach(StrEnum):
    """Of what somebody may open it."""

    ALL = "all"
    OWN_BRANCH = "own branch"
    OWN_THINGS = "own things"
    WHOLE_BRAND = "whole brand"


class Mark(StrEnum):
    """How the table says it."""

    MAY = "●"
    OWN_BRANCH = "◐"
    WHOLE_BRAND = "◆"
    OWN_THINGS = "○"
    REFUSED = "—"


_MARKS = {
    Reach.ALL: Mark.MAY,
    Reach.OWN_BRANCH: Mark.OWN_BRANCH,
    Reach.OWN_THINGS: Mark.OWN_THINGS,
    Reach.WHOLE_BRAND: Mark.WHOLE_BRAND,
}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Who may open addresses, and of what. Staff without permissions are all who are signed in."""

    text: str
    reach: Reach
    needs: frozenset[Permission] = frozenset()
    without: frozenset[Permission] = frozenset()
    for_anybody: bool = False
    for_staff: bool = False
    for_members: bool = False
    for_oneself: bool = False

    def of_role(self, role: Role) -> Mark:
        """What somebody of a role may open of it, at the branch where that role is held."""
        held = ROLE_PERMISSIONS[role]
        has = bool(self.needs) and self.needs <= held and not self.without & held
        if self.reach is Reach.WHOLE_BRAND and role in BELOW_THE_BRAND:
            has = False
        if self.for_anybody or has or self.for_staff:
            return _MARKS[self.reach]
        return Mark.OWN_THINGS if self.for_oneself else Mark.REFUSED

    @property
    def of_nobody(self) -> Mark:
        """What who is not signed in may open."""
        return Mark.MAY if self.for_anybody else Mark.REFUSED

    @property
    def of_shopper(self) -> Mark:
        """What who is signed in to the shop may open."""
        if self.for_anybody:
            return Mark.MAY
        return Mark.OWN_THINGS if self.for_members else Mark.REFUSED


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of a room that keep to one rule."""

    room: str
    rule: Rule
    addresses: tuple[str, ...]


@cache
def rights() -> tuple[Right, ...]:
    """Everything that `rights.txt` says, in its order."""
    return tuple(_read(WRITTEN.read_text(encoding="utf-8").splitlines()))


def rules_by_address() -> dict[str, Rule]:
    """The rule of each address. Raises AssertionError where one is named twice."""
    found: dict[str, Rule] = {}
    for right in rights():
        for address in right.addresses:
            assert address not in found, f"{address} is named twice"
            found[address] = right.rule
    return found


def _read(lines: list[str]) -> Iterator[Right]:
    room, rule, addresses = "", "", list[str]()
    for line in [*lines, "#"]:
        if line.startswith("    "):
            addresses.append(line.strip())
            continue
        if addresses:
            yield Right(room=room, rule=_rule(rule), addresses=tuple(addresses))
            addresses = []
        if line.startswith("#"):
            room = line.removeprefix("#").strip()
        elif line.strip():
            rule = line.strip()


def _rule(text: str) -> Rule:
    who, _, reach = text.partition(": ")
    ways = who.split(" or ")
    named = [one for one in ways if one not in {"anybody", "staff", "members", "oneself"}]
    assert len(named) <= 1, text
    needs, _, without = (named[0] if named else "").partition(" without ")
    return Rule(
        text=text,
        reach=Reach(reach or Reach.ALL),
        needs=frozenset(Permission(one) for one in needs.split(" and ") if one),
        without=frozenset(Permission(one) for one in without.split(" and ") if one),
        for_anybody="anybody" in ways,
        for_staff="staff" in ways,
        for_members="members" in ways,
        for_oneself="oneself" in ways,
    )

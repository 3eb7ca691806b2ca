"""One return on its way: what was asked, what it was opened as, and the money it moves."""

from typing import TypeVar
from uuid import UUID

import msgspec

from loopline.kernel.ids import (
    EntityId,
    OrderId,
    ReturnId,
    ReturnLineId,
)
from loopline.org import Site
from loopline.processes.accounts import Slot
from loopline.returns.model import BlindState, Match, NewReturn, Opened, OpenedLine

Key = TypeVar("Key")
Legs = list[tuple[UUID, Slot, int]]


class TakenBack(msgspec.Struct, frozen=True, kw_only=True):
    """A return that was taken in: its lines with their matches, and what was paid back in all."""

    return_id: ReturnId
    lines: tuple[OpenedLine, ...]
    refund_minor: int
    reversed_minor: int
    blind_minor: int
    difference_minor: int


class Case(msgspec.Struct, kw_only=True):
    """One return on its way: what was asked, what it was opened as, and the money it moves.

    `cause_id` names what moves it, where that is not the whole return: a line of it that was decided on later.
    """

    position: int
    asked: NewReturn
    opened: Opened
    site: Site
    cause_id: ReturnLineId | None = None
    blind_minor: int = 0
    blind_tax_minor: int = 0
    reversed_of: dict[tuple[ReturnLineId, EntityId, OrderId], int] = {}
    """What the sale of each order took for a line and gives back, by the company that took it."""
    differences: dict[tuple[EntityId, OrderId | None], int] = {}
    """What was paid back less than an order took (negative), and more than any took (under no order)."""
    amounts: dict[ReturnLineId, int] = {}

    @property
    def cause(self) -> UUID:
        """What entries and refunds of this case are named by, for good."""
        return self.cause_id or self.opened.return_id

    @property
    def reversed_minor(self) -> int:
        return sum(self.reversed_of.values())

    @property
    def difference_minor(self) -> int:
        return sum(self.differences.values())

    @property
    def refund_minor(self) -> int:
        return self.reversed_minor + self.difference_minor + self.blind_minor

    @property
    def paid_by(self) -> EntityId:
        """The company that answers for what no sale answers for: that of the sale if there is one, else the site's."""
        return next((entity_id for _, entity_id, _ in self.reversed_of), self.site.entity_id)


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one part of a sold line that a return line takes back."""

    case: Case
    line: OpenedLine
    match: Match
    part_id: UUID
    units: int
    units_of: int
    is_shared: bool


def accepted_blind(line: OpenedLine) -> int:
    return line.blind_units if line.blind_state is BlindState.ACCEPTED else 0


def add_to(amounts: dict[Key, int], key: Key, amount_minor: int) -> None:
    amounts[key] = amounts.get(key, 0) + amount_minor

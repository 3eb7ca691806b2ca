"""Sharing things for tests: parties, a rule set, lines and splits."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from loopline.db import Conn
from loopline.kernel.ids import EntityId, LineId, OrderId, PartyId, PersonId, RuleSetId, uuid7
from loopline.sharing import rules, service
from loopline.sharing.model import (
    ClawBack,
    LineToSplit,
    NewRuleSet,
    Parties,
    Publication,
    Role,
    RuleRow,
    RuleSet,
    RuleSetState,
    Split,
)

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DUE_AT = NOW + timedelta(days=30)
AUTHOR = PersonId(UUID(int=77))
ENTITY = EntityId(UUID(int=78))

PARTIES = Parties(
    brand=PartyId(UUID(int=1)),
    dealer=PartyId(UUID(int=2)),
    store=PartyId(UUID(int=3)),
    guide=PartyId(UUID(int=4)),
    shipping_site=PartyId(UUID(int=5)),
    streamer=PartyId(UUID(int=6)),
    platform=PartyId(UUID(int=7)),
)

ROWS = (
    RuleRow(role=Role.DEALER, bound=True, basis_points=1000, level=2),
    RuleRow(role=Role.STORE, channels=("till",), basis_points=2500),
    RuleRow(role=Role.STORE, basis_points=500),
    RuleRow(role=Role.GUIDE, categories=("lighting",), basis_points=300),
    RuleRow(role=Role.GUIDE, amount_minor=20),
    RuleRow(role=Role.SHIPPING_SITE, deliveries=("deliver",), basis_points=800),
    RuleRow(role=Role.PLATFORM, basis_points=200),
    RuleRow(role=Role.BRAND, remainder=True),
)


def rule_set(rows: tuple[RuleRow, ...] = ROWS, *, currency: str = "CNY") -> RuleSet:
    """A published rule set that no database knows."""
    return RuleSet(
        id=RuleSetId(UUID(int=99)),
        version=1,
        state=RuleSetState.PUBLISHED,
        currency=currency,
        author_id=AUTHOR,
        comment="made for a test",
        published_at=NOW,
        effective_from=NOW,
        rows=rows,
    )


def draft(rows: tuple[RuleRow, ...] = ROWS, *, currency: str = "CNY") -> NewRuleSet:
    """A draft to save."""
    return NewRuleSet(
        id=RuleSetId(uuid7(NOW)), currency=currency, author_id=AUTHOR, comment="first", rows=rows
    )


def publish(conn: Conn, rows: tuple[RuleRow, ...] = ROWS, *, effective_from: datetime = NOW) -> RuleSetId:
    """Save and publish a rule set."""
    made = draft(rows)
    service.save_drafts(conn, [made], now=NOW)
    publication = Publication(
        rule_set_id=made.id,
        effective_from=effective_from,
        published_by=AUTHOR,
        untried_because="made for a test",
        accepts_limits=True,
    )
    outcomes = service.publish_rule_sets(conn, [publication], now=NOW)
    assert [type(outcome).__name__ for outcome in outcomes] == ["RuleSetPublication"]
    return made.id


def line(*, base_minor: int = 10_000, units: int = 1, parties: Parties = PARTIES) -> LineToSplit:
    """A web line of the category `gift`, delivered."""
    return LineToSplit(
        channel="web",
        category="gift",
        delivery="deliver",
        parties=parties,
        units=units,
        base_minor=base_minor,
        currency="CNY",
    )


def split(
    rule_set_id: RuleSetId, *, base_minor: int = 10_000, units: int = 1, due_at: datetime = DUE_AT
) -> Split:
    """A part of a web line, split by `ROWS`."""
    shares = rules.split_lines(rule_set(), [line(base_minor=base_minor, units=units)])[0]
    assert isinstance(shares, tuple)
    return Split(
        part_id=uuid7(NOW),
        order_id=OrderId(uuid7(NOW)),
        line_id=LineId(uuid7(NOW)),
        rule_set_id=rule_set_id,
        entity_id=ENTITY,
        currency="CNY",
        units=units,
        base_minor=base_minor,
        due_at=due_at,
        shares=shares,
    )


def claw_back(of: Split, *, units: int, reference: UUID | None = None) -> ClawBack:
    """Some units of a part come back."""
    return ClawBack(
        reference=reference or uuid7(NOW),
        line_id=of.line_id,
        part_id=of.part_id,
        units=units,
        at=NOW,
    )

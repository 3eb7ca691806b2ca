"""`whatif`: a draft of the rules over a million parts that were sold, and the published rules over their own past.

The parts are split and kept through the service, of a brand with 200 stores, 800 guides and 40 dealers on five
channels, one in thirty of them returned in part. Measured is `processes.what_if`, from the question to the result.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

from bench.workplace import batches, new_database
from loopline.db import Database
from loopline.kernel.ids import EntityId, LineId, OrderId, PartyId, PersonId, RuleSetId, uuid7, uuid7s
from loopline.kernel.refusals import Refusal
from loopline.kernel.times import TimeRange
from loopline.processes.what_if import what_if
from loopline.sharing import service
from loopline.sharing.model import (
    Base,
    ClawBack,
    LineToSplit,
    NewRuleSet,
    Parties,
    Per,
    Publication,
    Role,
    RuleRow,
    RuleSet,
    Split,
    Stretch,
)
from loopline.sharing.queries import rule_sets_by_id
from loopline.sharing.rules import split_lines
from loopline.sharing.trying import Trial

LINES = 1_000_000
BATCH = 10_000
SEED = 11
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 90
_ENTITY = EntityId(UUID(int=1))
_AUTHOR = PersonId(UUID(int=2))
_CHANNELS = ("till", "web", "mini_program", "livestream", "marketplace")
_CATEGORIES = tuple(f"category {number}" for number in range(12))
PUBLISHED = (
    RuleRow(role=Role.GUIDE, channels=("till",), basis_points=400),
    RuleRow(role=Role.GUIDE, basis_points=300, cap_minor=3_000),
    RuleRow(role=Role.DEALER, bound=True, basis_points=800),
    RuleRow(role=Role.DEALER, basis_points=600),
    RuleRow(role=Role.STORE, channels=("till",), basis_points=500),
    RuleRow(role=Role.SHIPPING_SITE, amount_minor=300, per=Per.PARCEL),
    RuleRow(role=Role.STREAMER, channels=("livestream",), basis_points=1_000),
    RuleRow(role=Role.PLATFORM, channels=("livestream", "marketplace"), basis_points=300),
    RuleRow(role=Role.PAYMENT_FEE, basis_points=60, base=Base.PAID),
    RuleRow(role=Role.BRAND, remainder=True),
)
DRAFT = (
    RuleRow(role=Role.GUIDE, categories=_CATEGORIES[:3], basis_points=500),
    RuleRow(role=Role.GUIDE, basis_points=280),
    RuleRow(role=Role.DEALER, bound=True, regions=("31",), basis_points=900),
    *PUBLISHED[2:],
)


def report() -> dict[str, Any]:
    """Split and keep the parts, then try the draft and the published rules on them."""
    with new_database() as database:
        published, draft = _rule_sets(database)
        started = perf_counter()
        _keep(database, published)
        kept = perf_counter() - started
        seconds, tried = _try(database, draft)
        own_seconds, own = _try(database, published)
        return {
            "lines": tried.parts,
            "seconds": round(seconds, 1),
            "lines_per_s": round(tried.parts / seconds),
            "own_past_seconds": round(own_seconds, 1),
            "own_past_differences": own.parts_changed + own.refused,
            "parties": len(tried.parties),
            "winners": sum(one.after_minor > one.before_minor for one in tried.parties),
            "losers": sum(one.after_minor < one.before_minor for one in tried.parties),
            "keep_seconds": round(kept, 1),
        }


def _rule_sets(database: Database) -> tuple[RuleSet, RuleSet]:
    ids = [RuleSetId(one) for one in uuid7s(FIRST, 2)]
    drafts = [
        NewRuleSet(id=rule_set_id, currency="CNY", author_id=_AUTHOR, comment="measured", rows=rows)
        for rule_set_id, rows in zip(ids, (PUBLISHED, DRAFT), strict=True)
    ]
    with database.transaction() as conn:
        service.save_drafts(conn, drafts, now=FIRST)
        publication = Publication(
            rule_set_id=ids[0],
            effective_from=FIRST,
            published_by=_AUTHOR,
            untried_because="nothing was sold yet",
            accepts_limits=True,
        )
        outcomes = service.publish_rule_sets(conn, [publication], now=FIRST)
        assert not any(isinstance(outcome, Refusal) for outcome in outcomes), outcomes
        found = {one.id: one for one in rule_sets_by_id(conn, ids)}
    return found[ids[0]], found[ids[1]]


def _keep(database: Database, rule_set: RuleSet) -> None:
    chance = random.Random(SEED)
    made = list(_kinds(chance))
    for batch in batches(LINES, BATCH):
        at = FIRST + timedelta(days=DAYS) * (batch.start / LINES)
        lines = [_line(chance, chance.choice(made), at) for _ in batch]
        splits = _splits(rule_set, lines, at)
        with database.transaction() as conn:
            outcomes = service.record_splits(conn, splits)
            assert not any(isinstance(outcome, Refusal) for outcome in outcomes)
            returned = [split for split in splits[::30] if split.units > 1]
            service.claw_back_shares(
                conn,
                [
                    ClawBack(
                        reference=split.part_id, line_id=split.line_id, part_id=split.part_id, units=1, at=at
                    )
                    for split in returned
                ],
            )
    with database.owner_transaction() as conn:
        conn.execute("analyze sharing.split, sharing.line_kind, sharing.returned_part")


def _kinds(chance: random.Random) -> Iterator[LineToSplit]:
    """Twenty thousand kinds of lines, each with its parties."""
    stores = [PartyId(UUID(int=1_000 + number)) for number in range(200)]
    guides = [PartyId(UUID(int=10_000 + number)) for number in range(800)]
    dealers = [PartyId(UUID(int=50_000 + number)) for number in range(40)]
    for _ in range(20_000):
        place = chance.randrange(len(stores))
        channel = chance.choice(_CHANNELS)
        is_bound = chance.random() < 0.5
        yield LineToSplit(
            channel=channel,
            category=chance.choice(_CATEGORIES),
            delivery="carried_out" if channel == "till" else "deliver",
            parties=Parties(
                brand=PartyId(UUID(int=1)),
                dealer=dealers[place % len(dealers)],
                store=stores[place],
                guide=guides[place * 4 + chance.randrange(4)],
                shipping_site=None if channel == "till" else chance.choice(stores),
                streamer=PartyId(UUID(int=90_000)) if channel == "livestream" else None,
                platform=PartyId(UUID(int=90_001)),
                payment_fee=PartyId(UUID(int=90_002)),
            ),
            units=1,
            base_minor=0,
            currency="CNY",
            bound=frozenset({Role.DEALER}) if is_bound else frozenset(),
            region=chance.choice(("310100", "320500", "330100", "440100")),
            owner="BRAND",
        )


def _line(chance: random.Random, kind: LineToSplit, at: datetime) -> LineToSplit:
    units = chance.choice((1, 1, 1, 2, 3))
    paid = units * chance.randrange(900, 80_000, 100)
    net = paid * 100 // 113
    return LineToSplit(
        channel=kind.channel,
        category=kind.category,
        delivery=kind.delivery,
        parties=kind.parties,
        units=units,
        base_minor=net,
        currency=kind.currency,
        bound=kind.bound,
        region=kind.region,
        owner=kind.owner,
        placed_at=at,
        list_minor=paid,
        paid_minor=paid,
        in_parcel=Stretch(0, net, 2 * net),
        in_order=Stretch(0, net, 2 * net),
    )


def _splits(rule_set: RuleSet, lines: Sequence[LineToSplit], at: datetime) -> list[Split]:
    shared = split_lines(rule_set, lines)
    ids = uuid7s(at, 2 * len(lines))
    return [
        Split(
            part_id=part_id,
            order_id=OrderId(uuid7(at)),
            line_id=LineId(line_id),
            rule_set_id=rule_set.id,
            entity_id=_ENTITY,
            currency=line.currency,
            units=line.units,
            base_minor=line.base_minor,
            due_at=at + timedelta(days=30),
            shares=shares,
            line=line,
            at=at,
        )
        for line, shares, line_id, part_id in zip(
            lines, shared, ids[: len(lines)], ids[len(lines) :], strict=True
        )
        if not isinstance(shares, Refusal)
    ]


def _try(database: Database, rule_set: RuleSet) -> tuple[float, Trial]:
    sold = TimeRange(start=FIRST, end=FIRST + timedelta(days=DAYS + 1))
    started = perf_counter()
    with database.reading() as conn:
        tried = what_if(conn, rule_set, sold=sold, tell=lambda _done, _of: None)
    return perf_counter() - started, tried

"""A database filled set-based: real orders of real members, each copied hundreds of times with numbers of its own.

A thousand orders are placed and indexed through the front doors; what the rooms wrote of them is the pattern for all
others, so that rows are as the house writes them. Copies have numbers, buyers, channels, sites, days and stages of
their own; most were handed over, judged and, one in twenty, brought back.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import msgspec
from psycopg import sql

from bench.surge.asks import messages
from bench.surge.brand import Brand, found_brand
from loopline import catalogue, search
from loopline.catalogue.rules import check_digit
from loopline.customers import Identity, IdentityKind, KeyRing, NewMember
from loopline.db import Conn, Database
from loopline.kernel.ids import MemberId, SiteId
from loopline.orders import spell_number
from loopline.processes.index import write_down_orders, write_down_products
from loopline.processes.take_in import OrderTaken, place_messages
from tests.make.customers import registered
from tests.make.shop import NOON, OPENED

PATTERNS = 1_000
MEMBERS = 4_000
MEMBER_COPIES = 74
DAYS = 365
PACKERS = 60
PARTIES = 50_000
UNITS_NAMED = 200_000
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = (
    "敏",
    "静",
    "丽",
    "强",
    "磊",
    "军",
    "洋",
    "勇",
    "艳",
    "杰",
    "娟",
    "涛",
    "明",
    "超",
    "秀兰",
    "霞",
    "平",
)
CHANNELS = ("mini_program", "web", "till", "livestream")
STAGES = (*("handed_over",) * 16, *("placed",) * 2, "cancelled", "parked")
_SCRATCH = (
    "create temporary table pattern (order_id uuid primary key, goods text[] not null) on commit preserve rows",
    (
        "create temporary table copy_of (pattern_id uuid not null, n integer not null, order_id uuid not null,"
        " running bigint not null, spelt text not null, external text not null, words text[] not null,"
        " placed_at timestamptz not null, channel text not null, site_id uuid not null, member_id uuid not null,"
        " stage text not null) on commit preserve rows"
    ),
)
_COUNTERS = {
    "parked": "case copy_of.stage when 'parked' then {t}.units else 0 end",
    "held": "case copy_of.stage when 'placed' then {t}.units else 0 end",
    "allocated": "0",
    "handed_over": "case copy_of.stage when 'handed_over' then {t}.units else 0 end",
    "cancelled": "case copy_of.stage when 'cancelled' then {t}.units else 0 end",
    "returned": "0",
    "lost": "0",
}


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked for."""

    orders: int
    members: int
    numbers: Sequence[str]
    external_numbers: Sequence[str]
    receipts: Sequence[str]
    phones: Sequence[str]
    names: Sequence[str]
    sku_codes: Sequence[str]
    gtins: Sequence[str]


class _Copy(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy has of its own."""

    pattern_id: UUID
    n: int
    order_id: UUID
    running: int
    external: str
    placed_at: datetime
    channel: str
    site_id: SiteId
    member_id: MemberId
    stage: str


def fill(database: Database, *, orders: int, keys: KeyRing) -> Filled:
    """Fill it with so many orders, a little more or less: whole copies of the patterns."""
    brand = found_brand(database, ring=keys, members=0)
    gtins = _print_gtins(database, brand)
    members, phones, names = _register(database, keys)
    patterns = _place_patterns(database, msgspec.structs.replace(brand, members=members))
    times = max(1, orders // PATTERNS)
    with database.owner_transaction() as owner:
        for statement in _SCRATCH:
            owner.execute(statement)
        everybody = _copy_members(owner, members)
        _copy_parties(owner)
        copies = _copies(patterns, times, everybody, list(brand.shop.sites.values()))
        kept = _keep_copies(owner, patterns, copies)
        _copy_orders(owner)
        _judge(owner)
        _bring_back(owner)
        _name_parcels_and_units(owner)
    with database.owner_transaction() as owner:
        owner.execute("analyze")
    chance = Random(5)
    chosen = chance.sample(kept, min(len(kept), 2_000))
    return Filled(
        orders=len(kept),
        members=len(everybody),
        numbers=[spell_number(one.running) for one in chosen],
        external_numbers=[one.external for one in chosen if one.channel != "till"],
        receipts=[one.external for one in chosen if one.channel == "till"],
        phones=phones,
        names=names,
        sku_codes=brand.sku_codes,
        gtins=gtins,
    )


def _print_gtins(database: Database, brand: Brand) -> list[str]:
    """Give every SKU a GTIN and every product a name that is also in all others: what is typed too short."""
    gtins = [(body := f"0690{number:09}") + check_digit(body) for number in range(len(brand.sku_codes))]
    with database.transaction() as conn:
        conn.execute(
            (
                "update catalogue.sku set gtin = given.gtin, name = '环线 羊毛大衣 ' || sku.code"
                " from unnest(%s::uuid[], %s::text[]) as given (id, gtin) where sku.id = given.id"
            ),
            (list(brand.sku_ids), gtins),
        )
        skus = catalogue.skus_by_id(conn, brand.sku_ids)
        write_down_products(conn, sorted({one.product_id for one in skus.values()}))
    return gtins


def _register(database: Database, keys: KeyRing) -> tuple[list[MemberId], list[str], list[str]]:
    chance = Random(3)
    phones = [f"+86139{number:08}" for number in chance.sample(range(10**8), MEMBERS)]
    names = [chance.choice(SURNAMES) + chance.choice(GIVEN) + chance.choice(GIVEN) for _ in phones]
    new = [
        NewMember(identities=(Identity(kind=IdentityKind.PHONE, value=number),), name=name)
        for number, name in zip(phones, names, strict=True)
    ]
    with database.transaction() as conn:
        return registered(conn, new, keys=keys, now=OPENED), phones, names


def _place_patterns(database: Database, brand: Brand) -> dict[UUID, tuple[str, ...]]:
    """Place and index the patterns; return what of each is found by the goods."""
    with database.transaction() as conn:
        outcomes = place_messages(conn, messages(brand, "PATTERN", PATTERNS, seed=1), now=NOON)
        taken = [one for one in outcomes if isinstance(one, OrderTaken)]
        assert len(taken) == PATTERNS, outcomes[0]
        ids = [one.order_id for one in taken]
        write_down_orders(conn, sorted(ids))
        rows = conn.execute(
            "select document.order_id, document.number, document.external_number, tsvector_to_array(told.words)"
            " from search.order_document as document join search.order_words as told using (order_id)"
        ).fetchall()
    return {
        order_id: tuple(set(words) - set(search.code_words([number, external])))
        for order_id, number, external, words in rows
    }


def _copy_members(owner: Conn, members: Sequence[MemberId]) -> list[MemberId]:
    """Copy members: what is sealed stays, each is found by something of its own and shares the last four digits."""
    n = "n.n"
    own_id = "md5({t}.%s::text || n.n)::uuid"
    for table, overrides in (
        ("customers.member", {"id": own_id % "id"}),
        ("customers.member_key", {"member_id": own_id % "member_id"}),
        (
            "customers.identity",
            {"member_id": own_id % "member_id", "blind": f"sha256({{t}}.blind || {n}::text::bytea)"},
        ),
    ):
        _insert(
            owner, table, overrides, "cross join generate_series(1, %(times)s) as n (n)", times=MEMBER_COPIES
        )
    rows = owner.execute("select id from customers.member order by id").fetchall()
    assert len(rows) >= len(members) * (MEMBER_COPIES + 1)
    return [MemberId(row[0]) for row in rows]


def _copy_parties(owner: Conn) -> None:
    """Copy the dealer, as guides of their own dealers would stand there: names that the field looks through."""
    own = {
        "id": "md5({t}.id::text || n.n)::uuid",
        "code": "{t}.code || '-' || n.n",
        "name": "{t}.name || ' ' || n.n",
    }
    _insert(
        owner,
        "org.party",
        own,
        "cross join generate_series(1, %(times)s) as n (n) where {t}.code = 'DEALER'",
        times=PARTIES,
    )


def _copies(
    patterns: Mapping[UUID, Sequence[str]], times: int, members: Sequence[MemberId], sites: Sequence[SiteId]
) -> Iterator[_Copy]:
    chance = Random(7)
    running = 1_000_000
    for n in range(times):
        for pattern_id in patterns:
            running += 1
            channel = chance.choice(CHANNELS)
            yield _Copy(
                pattern_id=pattern_id,
                n=n,
                order_id=UUID(int=chance.getrandbits(128)),
                running=running,
                external=f"{channel[:1].upper()}{chance.getrandbits(48):015}",
                placed_at=NOON - timedelta(seconds=chance.randrange(DAYS * 86_400)),
                channel=channel,
                site_id=chance.choice(sites),
                member_id=chance.choice(members),
                stage=chance.choice(STAGES),
            )


def _keep_copies(owner: Conn, patterns: Mapping[UUID, Sequence[str]], copies: Iterator[_Copy]) -> list[_Copy]:
    kept: list[_Copy] = []
    with owner.cursor().copy("copy pattern from stdin") as into:
        for order_id, goods in patterns.items():
            into.write_row((order_id, list(goods)))
    with owner.cursor().copy("copy copy_of from stdin") as into:
        for one in copies:
            spelt = spell_number(one.running)
            words = list(search.code_words([spelt, one.external]))
            into.write_row((
                one.pattern_id, one.n, one.order_id, one.running, spelt, one.external, words, one.placed_at,
                one.channel, one.site_id, one.member_id, one.stage,
            ))  # fmt: skip
            kept.append(one)
    owner.execute("analyze pattern, copy_of")
    return kept


def _copy_orders(owner: Conn) -> None:
    """Write the copies: heads, lines, documents, words, sites; the index of words once, when all are there."""
    own = {
        "placed_at": "copy_of.placed_at",
        "channel": "copy_of.channel",
        "external_number": "copy_of.external",
        "member_id": "copy_of.member_id",
        "site_id": "copy_of.site_id",
    }
    head = {"id": "copy_of.order_id", "number": "copy_of.running", "pay_until": "null", **own, **_COUNTERS}
    _insert(owner, "orders.order", head, "join copy_of on copy_of.pattern_id = {t}.id")
    line = {
        "order_id": "copy_of.order_id",
        "line_id": "md5({t}.line_id::text || copy_of.n)::uuid",
        **_COUNTERS,
    }
    _insert(owner, "orders.line", line, "join copy_of on copy_of.pattern_id = {t}.order_id")
    document = {
        "order_id": "copy_of.order_id",
        "number": "copy_of.spelt",
        "stage": "copy_of.stage",
        "taken_minor": "{t}.amount_minor",
        **own,
    }
    _insert(owner, "search.order_document", document, "join copy_of on copy_of.pattern_id = {t}.order_id")
    owner.execute("drop index search.order_words_by_word")
    owner.execute(
        "insert into search.order_words (order_id, words)"
        " select copy_of.order_id, array_to_tsvector(pattern.goods || copy_of.words)"
        " from copy_of join pattern on pattern.order_id = copy_of.pattern_id"
    )
    owner.execute("create index order_words_by_word on search.order_words using gin (words)")
    owner.execute(
        "insert into search.order_site (site_id, placed_at, order_id, sells, sends)"
        " select site_id, placed_at, order_id, true, stage = 'handed_over' from copy_of"
    )


def _judge(owner: Conn) -> None:
    """Judge what was handed over, and sum it as the follower does."""
    owner.execute(
        (
            "insert into insight.judged_line (order_id, line_id, sku_id, day, sent_site_id, place_site_id,"
            " sold_site_id,"
            " packer_id, units, goods, time, place, price, customer)"
            " select line.order_id, line.line_id, line.sku_id, copy_of.placed_at::date, copy_of.site_id,"
            " copy_of.site_id,"
            " copy_of.site_id, md5('packer' || (copy_of.running %% %s))::uuid, line.units, 'kept', 'kept',"
            " 'kept', 'kept',"
            " 'kept' from copy_of join orders.line as line on line.order_id = copy_of.order_id"
            " where copy_of.stage = 'handed_over' and line.kind = 'goods'"
        ),
        (PACKERS,),
    )
    owner.execute(
        "insert into insight.rights_by_day select day, side, sent_site_id, count(*), sum(units), count(*), count(*),"
        " count(*), count(*), count(*), count(*), 0, 0, count(*), count(*), count(*), count(*)"
        " from insight.judged_line cross join (values ('sent'), ('sold')) as given (side) group by 1, 2, 3"
    )
    owner.execute(
        "insert into insight.handed_over_by_sku select day, sku_id, sum(units) from insight.judged_line group by 1, 2"
    )
    owner.execute(
        "insert into insight.handed_over_by_packer select day, sent_site_id, packer_id, sum(units)"
        " from insight.judged_line group by 1, 2, 3"
    )


def _bring_back(owner: Conn) -> None:
    """Bring one line in twenty back, most of them graded."""
    owner.execute(
        "create temporary table back on commit preserve rows as"
        " select md5('r' || line.line_id)::uuid as id, line.*, row_number() over () as n,"
        " (array['unwanted', 'defect', 'damaged_in_transit', 'wrong_item', 'late', 'size', 'other'])"
        "[1 + abs(hashtext(line.line_id::text)) % 7] as reason"
        " from insight.judged_line as line where abs(hashtext(line.line_id::text || 'back')) % 20 = 0"
    )
    for statement in (
        (
            "insert into returns.return (id, channel, external_number, content_hash, kind, order_id,"
            " site_id, currency, at,"
            " opened_at) select id, 'web', 'R' || n, ''::bytea, 'fact', order_id, sent_site_id, 'CNY',"
            " day + interval '9 hours', day + interval '9 hours' from back"
        ),
        (
            "insert into returns.return_line (id, return_id, position, code, sku_id, units, reason, matched_units,"
            " received_units, graded_units, blind_state) select id, id, 1, 'code', sku_id, units, reason, units, units,"
            " case n % 10 when 0 then 0 else units end, 'none' from back"
        ),
        (
            "insert into returns.match (return_line_id, position, order_id, line_id, units, how, sold_unit_minor)"
            " select id, 1, order_id, line_id, units, 'code', 19900 from back"
        ),
        (
            "insert into returns.grading (id, return_line_id, units, grade, disposition, graded_by, note, at)"
            " select id, id, units, 'as_new', 'restock', 'bench', '', day + interval '10 hours' from back"
            " where n % 10 <> 0"
        ),
    ):
        owner.execute(statement)


def _name_parcels_and_units(owner: Conn) -> None:
    """Give every fifth order that was sent a parcel with both its numbers, and the first SKU units with serials."""
    for statement in (
        (
            "insert into fulfilment.task (id, order_id, site_id, kind, day, state, offered_at, deadline, accepted_at,"
            " picked_at, checked_at, packed_at, ended_at) select md5('t' || order_id)::uuid, order_id,"
            " site_id, 'deliver',"
            " placed_at::date, 'handed_over', placed_at, placed_at, placed_at, placed_at, placed_at,"
            " placed_at, placed_at"
            " from copy_of where stage = 'handed_over' and running % 5 = 0"
        ),
        (
            "insert into fulfilment.label (task_id, number, tracking_number, made_at)"
            " select md5('t' || order_id)::uuid, 'P' || lpad(running::text, 11, '0'), 'SF' || running, placed_at"
            " from copy_of where stage = 'handed_over' and running % 5 = 0"
        ),
        (
            "insert into fulfilment.waybill (task_id, order_id, site_id, tracking_number, handed_over_at)"
            " select md5('t' || order_id)::uuid, order_id, site_id, 'SF' || running, placed_at"
            " from copy_of where stage = 'handed_over' and running % 5 = 0"
        ),
    ):
        owner.execute(statement)
    owner.execute(
        (
            "insert into stock.lot (id, sku_id, code, batch, is_serial) select gen_random_uuid(), sku.id, 'U' || n,"
            " 'B' || n / 100, true from (select id from catalogue.sku order by code limit 1) as sku"
            " cross join generate_series(1, %s) as n"
        ),
        (UNITS_NAMED,),
    )


def _insert(owner: Conn, table: str, overrides: Mapping[str, str], joined: str, **fields: object) -> None:
    """Copy the rows of a table, as far as they are joined, with some columns told anew; `{t}` is the row copied."""
    schema, _, name = table.partition(".")
    rows = owner.execute(
        (
            "select column_name from information_schema.columns where table_schema = %s and table_name = %s"
            " and is_generated = 'NEVER' order by ordinal_position"
        ),
        (schema, name),
    ).fetchall()
    columns = [str(row[0]) for row in rows]
    told = [overrides.get(one, f'{{t}}."{one}"').replace("{t}", "copied") for one in columns]
    owner.execute(
        sql.SQL("insert into {} ({}) select {} from {} as copied {}").format(
            sql.Identifier(schema, name),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ".join(told)),  # pyright: ignore[reportArgumentType] - made of what stands above
            sql.Identifier(schema, name),
            sql.SQL(joined.replace("{t}", "copied")),  # pyright: ignore[reportArgumentType]
        ),
        fields,
    )

"""The steps that a batch of invoices goes through, each in a transaction of its own.

A step calls the stages of `processes`, as the API does, and returns what it counted.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from loopline import customers, orders, stock
from loopline.channels.online_retail.drafts import (
    WEB,
    Buyer,
    Till,
    ask_draft,
    bad_debts,
    fact_draft,
    ordered_lines,
    return_draft,
    stock_facts,
)
from loopline.channels.online_retail.model import CodeKind, Invoice, InvoiceKind, LineClass
from loopline.db import Conn
from loopline.kernel.ids import MemberId, PaymentId, SiteId, uuid7s
from loopline.kernel.scope import WHOLE_BRAND
from loopline.orders import Credits, Delivery, Draft, DraftKind
from loopline.payments import BANK_TRANSFER, CASH, NewPayment
from loopline.processes import adjust, pay, place, promise, regrade, replenish, settle, source, take_back
from loopline.processes.outcomes import all_granted
from loopline.returns.model import Grading, OpenedLine, Receipt
from loopline.simulator.replay.demand import Place
from loopline.simulator.replay.goods import receipt_facts
from loopline.simulator.replay.identifiers import order_id_of
from loopline.simulator.replay.people import grade_of, guide_of_till
from loopline.simulator.replay.places import BRAND_ENTITY, HOME_COUNTRY, WAREHOUSE
from loopline.simulator.replay.restocking import Level, plan_receipts
from loopline.simulator.replay.scene import Scene
from loopline.simulator.replay.sites import Crew, do_work
from loopline.stock import MovementReason

Counts = Mapping[str, int]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a batch. `takes_back`: what was handed over in earlier batches must have reached the books."""

    run: Callable[[Conn, Scene], Counts]
    takes_back: bool = False


# Far more than ever wait at once: a limit, so that no step grows without end.
PARKED_LINES_MAX = 20_000
SHORTFALLS_MAX = 50_000
# Of members' orders at home with few lines, this share is collected in the member's store.
PARTS_MAX = 100_000
COLLECTED_SHARE = 0.15
COLLECTED_LINES_MAX = 8


def bring_in_goods(conn: Conn, scene: Scene) -> Counts:
    """Once a week: refill what ran low by what was asked of it, and bring what is owed."""
    if not scene.opens_week:
        return {}
    world = scene.world
    receipts = plan_receipts(
        _levels(conn, scene), scene.demand.units(), weeks=scene.demand.weeks, warehouse=WAREHOUSE.code
    )
    facts = receipt_facts(
        receipts,
        reason=MovementReason.RECEIPT,
        leaf_ids=world.leaf_ids,
        sku_ids=world.sku_ids,
        now=scene.now,
    )
    all_granted(replenish.record_goods(conn, facts, now=scene.now))
    return {"receipts": len(facts), "received_units": sum(fact.on_hand for fact in facts)}


def _levels(conn: Conn, scene: Scene) -> list[Level]:
    """Where places stand: what they can sell, less what they miss and what is waited for there.

    A place that is nowhere in it stands at zero.
    """
    world = scene.world
    codes = {sku_id: code for code, sku_id in world.sku_ids.items()}
    site_of_leaf = {leaf_id: site for site, leaf_id in world.leaf_ids.items()}
    available = {
        (site_of_leaf[leaf_id], codes[sku_id]): units
        for (leaf_id, sku_id), units in stock.sellable_units(conn, list(world.sku_ids.values())).items()
    }
    owed = _parked_units(conn, scene)
    for short in stock.open_shortfalls(conn, limit=SHORTFALLS_MAX):
        # A shelf that a till has sold below nothing owes that much, promised or not.
        if short.kind is stock.ShortfallKind.MISSING:
            owed[site_of_leaf[short.node_id], codes[short.sku_id]] += short.units
    return [
        Level(place=there, available=available.get(there, 0), owed=owed[there])
        for there in available.keys() | owed.keys()
    ]


def _parked_units(conn: Conn, scene: Scene) -> Counter[Place]:
    """What is waited for, by the place it would come to: the store it is collected at, else the warehouse."""
    world = scene.world
    codes = {sku_id: code for code, sku_id in world.sku_ids.items()}
    sites = {site_id: site for site, site_id in world.site_ids.items()}
    waiting = orders.parked_lines(conn, None, limit=PARKED_LINES_MAX)
    heads = {head.id: head for head in orders.orders_by_ids(conn, list({one.order_id for one in waiting}))}
    owed: Counter[Place] = Counter()
    for line in waiting:
        head = heads[line.order_id]
        collected_at = sites.get(head.site_id) if head.site_id and head.delivery is Delivery.COLLECT else None
        owed[collected_at or WAREHOUSE.code, codes[line.sku_id]] += line.parked
    return owed


def adjust_stock(conn: Conn, scene: Scene) -> Counts:
    """Take out of the warehouse what the file says was damaged, lost or sold elsewhere."""
    facts = [
        fact
        for invoice in scene.invoices
        if invoice.kind is InvoiceKind.SALE
        for fact in stock_facts(
            invoice, leaf_id=scene.world.leaf_ids[WAREHOUSE.code], sku_ids=scene.world.sku_ids
        )
    ]
    if facts:
        all_granted(replenish.record_goods(conn, facts, now=scene.now))
    return {
        LineClass.STOCK_ADJUSTMENT.value: len(facts),
        # An invoice that orders something too is counted where that is placed.
        "invoices": sum(
            invoice.kind is InvoiceKind.SALE and not ordered_lines(invoice) for invoice in scene.invoices
        ),
    }


def adjust_books(conn: Conn, scene: Scene) -> Counts:
    """Post what the file says was written off."""
    debts = [
        debt
        for invoice in scene.invoices
        if invoice.kind is InvoiceKind.LEDGER
        for debt in bad_debts(invoice, entity_id=scene.world.entity_ids[BRAND_ENTITY])
    ]
    if debts:
        all_granted(adjust.adjust_bad_debts(conn, debts, now=scene.now))
    return {
        LineClass.LEDGER_ADJUSTMENT.value: len(debts),
        "invoices": sum(invoice.kind is InvoiceKind.LEDGER for invoice in scene.invoices),
    }


def _meet_members(conn: Conn, scene: Scene, invoices: Sequence[Invoice]) -> int:
    """Know the members of invoices by their customer numbers, and bind new ones to whoever brought them.

    Every step that needs them asks: the one before may have been done by a run that was killed.
    """
    codes = {
        invoice.member_code: invoice.country
        for invoice in invoices
        if invoice.member_code is not None and invoice.member_code not in scene.member_ids
    }
    if not codes:
        return 0
    met = [
        customers.NewMember(
            identities=(customers.Identity(kind=customers.IdentityKind.CUSTOMER_NUMBER, value=code),),
            country=country,
            channel=WEB,
        )
        for code, country in codes.items()
    ]
    known = all_granted(customers.register_members(conn, met, ring=scene.ring, now=scene.now))
    scene.member_ids |= {code: one.member_id for code, one in zip(codes, known, strict=True)}
    new = {code: one.member_id for code, one in zip(codes, known, strict=True) if not one.was_known}
    customers.bind_members(conn, _bindings(new, scene), now=scene.now)
    return len(new)


def _bindings(new: Mapping[str, MemberId], scene: Scene) -> list[customers.NewBinding]:
    bindings: list[customers.NewBinding] = []
    for code, member_id in new.items():
        home = scene.home(code)
        tied = {customers.BindingRole.GUIDE: home.guide_party}
        if home.store.dealer:
            tied[customers.BindingRole.DEALER] = home.store.dealer_party
        bindings += [
            customers.NewBinding(
                member_id=member_id,
                role=role,
                party_id=scene.world.party_ids[party],
                reason="brought at the first order",
            )
            for role, party in tied.items()
        ]
    return bindings


def place_orders(conn: Conn, scene: Scene) -> Counts:
    """Place what members ask and what the tills rang up, and take the money for it."""
    ordering = [
        invoice for invoice in scene.invoices if invoice.kind is InvoiceKind.SALE and ordered_lines(invoice)
    ]
    members = _meet_members(conn, scene, ordering)
    drafts = [_draft(invoice, scene) for invoice in ordering]
    placed = all_granted(place.place(conn, drafts, scope=WHOLE_BRAND, now=scene.now))
    if drafts:
        all_granted(pay.take_payments(conn, _payments(drafts, placed), now=scene.now))
    counted = Counter(line.line_class.value for invoice in ordering for line in ordered_lines(invoice))
    counted["members"] = members
    counted["orders"] = counted["invoices"] = len(placed)
    counted["holds"] = counted[LineClass.ASK_GOODS.value] - _lines_not_held(conn, placed)
    return counted


def _lines_not_held(conn: Conn, placed: Sequence[place.Placement]) -> int:
    """How many lines found no goods at all: they wait as a whole."""
    short = [one.order_id for one in placed if isinstance(one, place.Placed) and one.parked_units]
    return sum(line.parked == line.units for line in orders.lines_by_orders(conn, short)) if short else 0


def _payments(drafts: Sequence[Draft], placed: Sequence[place.Placement]) -> list[NewPayment]:
    """What every order comes to is paid at once: at the till in cash, in the web shop by bank transfer."""
    return [
        NewPayment(
            id=PaymentId(payment_id),
            order_id=one.order_id,
            method=CASH if draft.kind is DraftKind.FACT else BANK_TRANSFER,
            entity_id=draft.seller_entity_id,
            currency=one.currency,
            amount_minor=one.amount_minor,
            taken_at=draft.placed_at,
            key=f"{draft.channel}:{draft.external_number}",
        )
        for draft, one, payment_id in zip(
            drafts, placed, uuid7s(drafts[-1].placed_at, len(drafts)), strict=True
        )
        if isinstance(one, place.Placed) and one.amount_minor
    ]


def _draft(invoice: Invoice, scene: Scene) -> Draft:
    world = scene.world
    order_id = order_id_of(invoice.number, at=invoice.at, first_line=invoice.lines[0].number)
    if invoice.member_code is None:
        store = scene.till(invoice)
        till = Till(
            order_id=order_id,
            site_id=world.site_ids[store.code],
            seller_entity_id=world.entity_ids[store.entity_code],
            credits=Credits(
                guide_id=world.party_ids[guide_of_till(invoice.number, store=store, chance=scene.chance)]
            ),
        )
        return fact_draft(invoice, till=till, sku_ids=world.sku_ids)
    home = scene.home(invoice.member_code)
    buyer = Buyer(
        order_id=order_id,
        member_id=scene.member_ids[invoice.member_code],
        seller_entity_id=world.entity_ids[BRAND_ENTITY],
        destination=home.coordinates,
        collect_at=world.site_ids[home.store.code] if _is_collected(invoice, scene) else None,
        credits=Credits(streamer_id=world.party_ids[home.streamer_party] if home.streamer_party else None),
    )
    return ask_draft(invoice, buyer=buyer, sku_ids=world.sku_ids)


def _is_collected(invoice: Invoice, scene: Scene) -> bool:
    """Whether a member collects an order in store: few lines, at home, and so inclined."""
    goods = sum(line.code_kind is CodeKind.GOODS for line in ordered_lines(invoice))
    is_fit = invoice.country == HOME_COUNTRY and 0 < goods <= COLLECTED_LINES_MAX
    return is_fit and scene.chance.happens(COLLECTED_SHARE, "collected", invoice.number)


def keep_promises(conn: Conn, scene: Scene) -> Counts:
    """Mend what tills broke, and give what there is to those who wait."""
    mended = promise.mend_promises(conn, now=scene.now, limit=SHORTFALLS_MAX)
    filled = promise.fill_parked(conn, sku_ids=None, now=scene.now, limit=PARKED_LINES_MAX)
    return {
        "mended_units": mended.to_source_units,
        "parked_again_units": mended.parked_units,
        "filled_units": filled,
    }


def source_orders(conn: Conn, scene: Scene) -> Counts:
    """Choose sites for what is held, and put the work to them."""
    sourced = source.source_wave(conn, now=scene.now)
    return {
        "sourced_orders": sourced.orders,
        "parcels": len(sourced.tasks),
        "split_waves": sourced.split_orders,
        "unfilled_units": sourced.parked_units,
    }


def work_at_sites(conn: Conn, scene: Scene) -> Counts:
    """Refuse a little, and hand the rest over."""
    codes = {site_id: code for code, site_id in scene.world.site_ids.items()}
    return do_work(conn, Crew(codes, chance=scene.chance, shift=scene.step), now=scene.now)


def take_goods_back(conn: Conn, scene: Scene) -> Counts:
    """Take the returns of earlier batches in, count what arrived, and put it where its grade sends it."""
    invoices = scene.returned
    members = _meet_members(conn, scene, invoices)
    asked = [
        return_draft(
            invoice,
            site_id=scene.world.site_ids[scene.returned_to(invoice).code],
            member_id=scene.member_ids[invoice.member_code] if invoice.member_code else None,
            sku_ids=scene.world.sku_ids,
        )
        for invoice in invoices
    ]
    taken = [
        one
        for one in all_granted(take_back.take_back(conn, asked, scope=WHOLE_BRAND, now=scene.now))
        if isinstance(one, take_back.TakenBack)
    ]
    arrived: dict[SiteId, list[_Arrived]] = {}
    for one, returned in zip(asked, taken, strict=True):
        arrived.setdefault(one.site_id, []).extend(
            _Arrived(line=line, number=one.external_number)
            for line in returned.lines
            if line.sku_id is not None
        )
    # Two or three sites take returns on a day, never more than there are.
    for site_id, goods in arrived.items():
        _look_at(conn, goods, site_id=site_id, scene=scene)
    counted = Counter(line.line_class.value for invoice in invoices for line in invoice.lines)
    counted["members"] = members
    counted["returns"] = counted["invoices"] = len(taken)
    return counted


class _Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """Goods of a return line, with the number of their return."""

    line: OpenedLine
    number: str


def _look_at(conn: Conn, goods: Sequence[_Arrived], *, site_id: SiteId, scene: Scene) -> None:
    """Count what arrived at a site and say in what state it is."""
    ids = uuid7s(scene.now, 2 * len(goods))
    receipts = [
        Receipt(
            id=receipt_id,
            return_line_id=one.line.return_line_id,
            site_id=site_id,
            units=one.line.units,
            at=scene.now,
        )
        for one, receipt_id in zip(goods, ids[: len(goods)], strict=True)
    ]
    all_granted(regrade.receive(conn, receipts, scope=WHOLE_BRAND, now=scene.now))
    gradings = [
        Grading(
            id=grading_id,
            return_line_id=one.line.return_line_id,
            units=one.line.units,
            grade=grade_of(one.number, one.line.position, chance=scene.chance),
            is_perishable=False,
            graded_by="replay",
            at=scene.now,
        )
        for one, grading_id in zip(goods, ids[len(goods) :], strict=True)
    ]
    all_granted(regrade.grade(conn, gradings, site_id=site_id, scope=WHOLE_BRAND, now=scene.now))


def release_shares(conn: Conn, scene: Scene) -> Counts:
    """Make the shares due whose return window has ended."""
    return {"released_parts": settle.release_due(conn, now=scene.now, limit=PARTS_MAX)}


# A batch has 500 orders at most, a wave 200.
_WAVES = (Step(run=source_orders),) * 3

BATCH_STEPS: tuple[Step, ...] = (
    Step(run=bring_in_goods),
    Step(run=adjust_stock),
    Step(run=adjust_books),
    Step(run=place_orders),
    Step(run=take_goods_back, takes_back=True),
    Step(run=keep_promises),
    *_WAVES,
    Step(run=work_at_sites),
    # Once more, for what was refused.
    Step(run=source_orders),
    Step(run=work_at_sites),
    Step(run=release_shares),
)

# Goods come in once more, and what can still go out goes.
CLOSING_STEPS: tuple[Step, ...] = (
    Step(run=bring_in_goods),
    Step(run=take_goods_back, takes_back=True),
    Step(run=keep_promises),
    *(*_WAVES, Step(run=work_at_sites)) * 2,
)

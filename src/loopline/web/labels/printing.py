"""Printing labels: what they say is opened for whoever has the parcels in hand, written down, and goes out at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from loopline import buyers, catalogue, customers, orders, org
from loopline.buyers import OpenedBuyer, OpeningPurpose
from loopline.catalogue import Sku
from loopline.channels.opening import AT_ONCE_MAX, BuyerOpener
from loopline.customers import Delivery, KeyRing, Opening, Recipient
from loopline.db import Conn
from loopline.fulfilment import queries as fulfilment
from loopline.fulfilment.labels import LABELLED, Label, PrintedLabel, PrintLabel
from loopline.fulfilment.model import Task, TaskKind, TaskLine
from loopline.kernel.ids import OrderId, SiteId, SkuId, TaskId
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.processes.addresses import held_back, unreadable
from loopline.processes.label import print_labels
from loopline.processes.open_buyers import WantedOpenings, WhoOpens
from loopline.web.api.answers import AnyRequest, read, run
from loopline.web.api.refusals import NotByKey
from loopline.web.api.shapes import merged
from loopline.web.edge import edge_of, language_of
from loopline.web.labels.content import LabelText, Parcel, text_of
from loopline.web.languages import Language
from loopline.web.marketplaces import platforms_of

LABELS_MAX = AT_ONCE_MAX


class WhoPrints(msgspec.Struct, frozen=True, kw_only=True):
    """Who prints, as the log names them, where they may; `opens`: the person to whom marketplaces open buyers.

    Where a marketplace does not say where a parcel goes, its label says so to who holds it in hand
    (`reads_what_lacks`), and is refused to everybody else. Whoever can call the customer heeds doubts (`heeds_doubts`).
    """

    actor: str
    scope: Scope
    opens: WhoOpens | None
    reads_what_lacks: bool = False
    heeds_doubts: bool = False


class Printed(msgspec.Struct, frozen=True, kw_only=True):
    """A label as it goes out."""

    label: Label
    text: LabelText


def print_now(
    request: AnyRequest, commands: Sequence[PrintLabel], *, who: WhoPrints
) -> list[Printed | Refusal]:
    """Print labels of at most fifty parcels: one outcome each, in their order. Waits for marketplaces."""
    assert len(commands) <= LABELS_MAX
    printing = _Printing(
        who=who,
        opened=_open_sealed(request, commands, who),
        ring=edge_of(request).ring,
        language=language_of(request),
    )
    lacking = {task_id: one for task_id, one in printing.opened.items() if isinstance(one, Refusal)}
    judged = [one if who.reads_what_lacks else lacking.get(one.task_id, one) for one in commands]
    return merged(judged, lambda free: run(request, lambda conn, now: _print(conn, free, printing, now)))


class _Printing(msgspec.Struct, frozen=True, kw_only=True):
    """By whom labels are printed, with what marketplaces opened for them."""

    who: WhoPrints
    opened: Mapping[TaskId, OpenedBuyer | Refusal]
    ring: KeyRing
    language: Language


def _open_sealed(
    request: AnyRequest, commands: Sequence[PrintLabel], who: WhoPrints
) -> Mapping[TaskId, OpenedBuyer | Refusal]:
    """Have marketplaces open the buyers that they sealed, outside any transaction."""

    def sealed(conn: Conn, _: datetime) -> dict[TaskId, OrderId]:
        orders_of = {
            task.task_id: task.order_id
            for task in fulfilment.tasks_by_id(conn, [one.task_id for one in commands])
            if _is_addressed(task) and who.scope.covers_site(task.site_id)
        }
        found = buyers.sealings_of_orders(conn, sorted(set(orders_of.values())))
        return {task_id: order_id for task_id, order_id in orders_of.items() if order_id in found}

    orders_of = read(request, sealed)
    if not orders_of:
        return {}
    if who.opens is None:
        return dict.fromkeys(orders_of, NotByKey())
    order_ids = sorted(set(orders_of.values()))
    edge = edge_of(request)
    opener = BuyerOpener(edge.database, platforms_of(request), clock=edge.clock)
    wanted = WantedOpenings(order_ids=tuple(order_ids), purpose=OpeningPurpose.PRINT_LABEL)
    outcomes = dict(zip(order_ids, opener.open_buyers(wanted, who.opens), strict=True))
    return {
        task_id: outcome if isinstance(outcome := outcomes[order_id], Refusal) else outcome.buyer
        for task_id, order_id in orders_of.items()
    }


def _is_addressed(task: Task) -> bool:
    return task.kind is TaskKind.DELIVER and task.state in LABELLED


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What labels are written from."""

    lines: Mapping[TaskId, list[TaskLine]]
    skus: Mapping[SkuId, Sku]
    numbers: Mapping[OrderId, str]
    sites: Mapping[SiteId, str]
    recipients: Mapping[OrderId, Recipient]


def _print(
    conn: Conn, commands: Sequence[PrintLabel], printing: _Printing, now: datetime
) -> list[Printed | Refusal]:
    who = printing.who
    held = held_back(conn, [one.task_id for one in commands], scope=who.scope, asks=who.heeds_doubts)
    held |= {
        task_id: lost
        for task_id, buyer in printing.opened.items()
        if (lost := _unreadable(task_id, buyer)) is not None
    }
    outcomes = merged(
        [held.get(one.task_id, one) for one in commands],
        lambda free: print_labels(conn, free, by=who.actor, scope=who.scope, now=now),
    )
    tasks = {one.task.task_id: one.task for one in outcomes if isinstance(one, PrintedLabel)}
    found = _find(conn, printing, list(tasks.values()), now)
    return [one if isinstance(one, Refusal) else _written(one, found, printing) for one in outcomes]


def _unreadable(task_id: TaskId, opened: OpenedBuyer | Refusal) -> Refusal | None:
    if isinstance(opened, Refusal):
        return None
    recipient = Recipient(name=opened.name, phone=opened.phone, region_code="", street=opened.address)
    return unreadable(task_id, recipient)


def _find(conn: Conn, printing: _Printing, tasks: Sequence[Task], now: datetime) -> _Found:
    lines = fulfilment.lines_of_tasks(conn, [task.task_id for task in tasks]) if tasks else {}
    addressed = {
        task.order_id for task in tasks if _is_addressed(task) and task.task_id not in printing.opened
    }
    opening = Opening(actor=printing.who.actor, purpose="label")
    deliveries = customers.open_deliveries(
        conn, sorted(addressed), ring=printing.ring, opening=opening, now=now
    )
    orders_found = orders.orders_by_ids(conn, sorted({task.order_id for task in tasks}))
    sites = org.sites_by_id(conn, {task.site_id for task in tasks})
    return _Found(
        lines=lines,
        skus=catalogue.skus_by_id(conn, {line.sku_id for of_task in lines.values() for line in of_task}),
        numbers={head.id: head.number for head in orders_found},
        sites={site_id: site.name for site_id, site in sites.items()},
        recipients={one.order_id: one.recipient for one in deliveries if isinstance(one, Delivery)},
    )


def _written(printed: PrintedLabel, found: _Found, printing: _Printing) -> Printed:
    task = printed.task
    lines = [line for line in found.lines[task.task_id] if line.left]
    buyer = printing.opened.get(task.task_id)
    parcel = Parcel(
        task=task,
        label=printed.label,
        order_number=found.numbers[task.order_id],
        site_name=found.sites[task.site_id],
        cares=tuple(found.skus[line.sku_id].care for line in lines),
        units=sum(line.left for line in lines),
        recipient=buyer if isinstance(buyer, OpenedBuyer) else found.recipients.get(task.order_id),
    )
    text = text_of(parcel, printing.language)
    if isinstance(buyer, Refusal):
        text = msgspec.structs.replace(text, note=printing.language.refusal(buyer))
    return Printed(label=printed.label, text=text)

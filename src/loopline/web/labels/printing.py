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
from loopline.processes.label import print_labels
from loopline.processes.open_buyers import WantedOpenings, WhoOpens
from loopline.web.api.answers import AnyRequest, read, run
from loopline.web.api.refusals import NotByKey
from loopline.web.edge import edge_of, language_of
from loopline.web.labels.content import LabelText, Parcel, text_of
from loopline.web.languages import Language
from loopline.web.marketplaces import platforms_of

LABELS_MAX = AT_ONCE_MAX


class WhoPrints(msgspec.Struct, frozen=True, kw_only=True):
    """Who prints, as the log names them, where they may; `opens`: the person to whom marketplaces open buyers."""

    actor: str
    scope: Scope
    opens: WhoOpens | None


class Printed(msgspec.Struct, frozen=True, kw_only=True):
    """A label as it goes out. `unopened`: why a marketplace did not say where the parcel goes."""

    label: Label
    text: LabelText
    unopened: Refusal | None


def print_now(
    request: AnyRequest, commands: Sequence[PrintLabel], *, who: WhoPrints
) -> list[Printed | Refusal]:
    """Print labels of at most fifty parcels: one outcome each, in their order. Waits for marketplaces."""
    assert len(commands) <= LABELS_MAX
    printing = _Printing(
        commands=tuple(commands),
        who=who,
        opened=_open_sealed(request, commands, who),
        ring=edge_of(request).ring,
        language=language_of(request),
    )
    return run(request, lambda conn, now: _print(conn, printing, now))


class _Printing(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed, by whom, with what marketplaces opened for it."""

    commands: tuple[PrintLabel, ...]
    who: WhoPrints
    opened: Mapping[OrderId, OpenedBuyer | Refusal]
    ring: KeyRing
    language: Language


def _open_sealed(
    request: AnyRequest, commands: Sequence[PrintLabel], who: WhoPrints
) -> Mapping[OrderId, OpenedBuyer | Refusal]:
    """Have marketplaces open the buyers that they sealed, outside any transaction."""

    def sealed(conn: Conn, _: datetime) -> list[OrderId]:
        order_ids = sorted(
            {
                task.order_id
                for task in fulfilment.tasks_by_id(conn, [one.task_id for one in commands])
                if _is_addressed(task) and who.scope.covers_site(task.site_id)
            }
        )
        found = buyers.sealings_of_orders(conn, order_ids)
        return [order_id for order_id in order_ids if order_id in found]

    order_ids = read(request, sealed)
    if not order_ids:
        return {}
    if who.opens is None:
        return dict.fromkeys(order_ids, NotByKey())
    edge = edge_of(request)
    opener = BuyerOpener(edge.database, platforms_of(request), clock=edge.clock)
    wanted = WantedOpenings(order_ids=tuple(order_ids), purpose=OpeningPurpose.PRINT_LABEL)
    outcomes = opener.open_buyers(wanted, who.opens)
    return {
        order_id: one if isinstance(one, Refusal) else one.buyer
        for order_id, one in zip(order_ids, outcomes, strict=True)
    }


def _is_addressed(task: Task) -> bool:
    return task.kind is TaskKind.DELIVER and task.state in LABELLED


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What labels are written from."""

    lines: Mapping[TaskId, list[TaskLine]]
    skus: Mapping[SkuId, Sku]
    numbers: Mapping[OrderId, str]
    sites: Mapping[SiteId, str]
    buyers: Mapping[OrderId, Recipient | OpenedBuyer | Refusal]


def _print(conn: Conn, printing: _Printing, now: datetime) -> list[Printed | Refusal]:
    who = printing.who
    outcomes = print_labels(conn, printing.commands, by=who.actor, scope=who.scope, now=now)
    tasks = {one.task.task_id: one.task for one in outcomes if isinstance(one, PrintedLabel)}
    found = _find(conn, printing, list(tasks.values()), now)
    return [one if isinstance(one, Refusal) else _written(one, found, printing.language) for one in outcomes]


def _find(conn: Conn, printing: _Printing, tasks: Sequence[Task], now: datetime) -> _Found:
    lines = fulfilment.lines_of_tasks(conn, [task.task_id for task in tasks]) if tasks else {}
    addressed = {task.order_id for task in tasks if _is_addressed(task)}
    opening = Opening(actor=printing.who.actor, purpose="label")
    deliveries = customers.open_deliveries(
        conn, sorted(addressed - printing.opened.keys()), ring=printing.ring, opening=opening, now=now
    )
    orders_found = orders.orders_by_ids(conn, sorted({task.order_id for task in tasks}))
    sites = org.sites_by_id(conn, {task.site_id for task in tasks})
    return _Found(
        lines=lines,
        skus=catalogue.skus_by_id(conn, {line.sku_id for of_task in lines.values() for line in of_task}),
        numbers={head.id: head.number for head in orders_found},
        sites={site_id: site.name for site_id, site in sites.items()},
        buyers={
            **{one.order_id: one.recipient for one in deliveries if isinstance(one, Delivery)},
            **printing.opened,
        },
    )


def _written(printed: PrintedLabel, found: _Found, language: Language) -> Printed:
    task = printed.task
    lines = [line for line in found.lines[task.task_id] if line.left]
    buyer = found.buyers.get(task.order_id)
    unopened = buyer if isinstance(buyer, Refusal) else None
    parcel = Parcel(
        task=task,
        label=printed.label,
        order_number=found.numbers[task.order_id],
        site_name=found.sites[task.site_id],
        cares=tuple(found.skus[line.sku_id].care for line in lines),
        units=sum(line.left for line in lines),
        recipient=None if isinstance(buyer, Refusal) else buyer,
    )
    text = text_of(parcel, language)
    if unopened is not None:
        text = msgspec.structs.replace(text, note=language.refusal(unopened))
    return Printed(label=printed.label, text=text, unopened=unopened)

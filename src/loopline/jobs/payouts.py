"""Payouts: approved ones become requests, requests are put to their gateway, and what it says is taken in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec
import structlog

from loopline.db import Database
from loopline.payouts import (
    Contract,
    Heard,
    PayoutGateway,
    ReclaimReport,
    Report,
    Ring,
    ToReclaim,
    ToUnfreeze,
    UnfreezingReport,
    Way,
)
from loopline.payouts.reports import RECEIVER_NOT_OPENED
from loopline.payouts.service import keep_contract
from loopline.payouts.unfreezing import apply_unfreezings
from loopline.processes.pay_out import (
    Claimed,
    ToPrepare,
    apply_payout_reports,
    apply_reclaim_reports,
    ask_approved,
    claim_to_reclaim,
    claim_to_send,
    claim_to_unfreeze,
    contracts_to_ask,
    prepare_requests,
    to_prepare,
)

AT_ONCE = 4
"""So many are claimed, and each is put at once: none waits while its claim runs out."""
_logger = structlog.get_logger(__name__)


def pay_out(
    database: Database, gateway: PayoutGateway, now: datetime, *, open_ring: Callable[[], Ring]
) -> int:
    """Prepare what was approved, put what is due, take in what is said; returns how many requests were put.

    Each step is a transaction of its own, and the gateway is asked between them. What nobody reports on (this process
    dies, the gateway breaks) is claimed again later, and asked for before it is sent again.
    """
    ways, ring = gateway.ways, open_ring()
    with database.transaction() as conn:
        waiting = to_prepare(conn, ways, now=now)
    for one in waiting:
        contract, left = _asked(gateway, one, now)
        with database.transaction() as conn:
            prepare_requests(conn, one.payer, contract, left, ring=ring, now=now)
    let_go(database, gateway, now)
    ask_back(database, gateway, now, ring=ring)
    with database.transaction() as conn:
        claimed = claim_to_send(conn, ways, ring=ring, limit=AT_ONCE, now=now)
    if not claimed:
        return 0

    def put_one(one: Claimed) -> Report:
        return put(gateway, one, now)

    with ThreadPoolExecutor(min(AT_ONCE, len(claimed)), thread_name_prefix="payouts") as callers:
        reports = list(callers.map(put_one, claimed))
    with database.transaction() as conn:
        apply_payout_reports(conn, reports, now=now)
    return len(claimed)


def let_go(database: Database, gateway: PayoutGateway, now: datetime) -> int:
    """Let go of payments that nothing more may be shared of; returns how many gateways were asked of.

    The first time it is asked for, later it is asked after, and asked for again only where the gateway has none of it.
    """
    with database.transaction(quiet=True) as conn:
        claimed = claim_to_unfreeze(conn, gateway.ways, limit=AT_ONCE, now=now)
    reports = [_let_one_go(gateway, one, now) for one in claimed]
    if reports:
        with database.transaction(quiet=True) as conn:
            tries = {one.unfreezing.id: one.unfreezing.tries for one in claimed}
            apply_unfreezings(conn, reports, tries, now=now)
    return len(claimed)


def ask_back(database: Database, gateway: PayoutGateway, now: datetime, *, ring: Ring) -> int:
    """Ask shares back that were approved to be, and after those that were asked; returns how many were put.

    Contracts are asked for once a day, too: what they allow is planned by.
    """
    with database.transaction(quiet=True) as conn:
        payers = contracts_to_ask(conn, gateway.ways, now=now)
    for payer in payers:
        contract, _ = _asked(gateway, ToPrepare(payer=payer, transactions=()), now)
        if contract is not None:
            with database.transaction(quiet=True) as conn:
                keep_contract(conn, payer.id, contract, now=now)
    with database.transaction(quiet=True) as conn:
        ask_approved(conn, gateway.ways, now=now)
    with database.transaction(quiet=True) as conn:
        claimed = claim_to_reclaim(conn, gateway.ways, ring=ring, limit=AT_ONCE, now=now)
    reports = [_put_back(gateway, one, now) for one in claimed]
    if reports:
        with database.transaction(quiet=True) as conn:
            apply_reclaim_reports(conn, reports, now=now)
    return len(claimed)


def _put_back(gateway: PayoutGateway, asked: ToReclaim, now: datetime) -> ReclaimReport:
    """The first time ask for it, later ask after it, and for it again only where the gateway has none of it.

    One that was given up, or whose receiver does not open, is asked after alone: nothing takes it back any more.
    """
    reclaim = asked.reclaim
    is_left_alone = reclaim.given_up_at is not None or asked.receiver is None
    try:
        if reclaim.tries > 1 or is_left_alone:
            found = gateway.ask_reclaim(asked, now=now)
            if asked.receiver is None and found.heard is Heard.ABSENT:
                return ReclaimReport(reclaim_id=reclaim.id, heard=Heard.REFUSED, reason=RECEIVER_NOT_OPENED)
            if found.heard is not Heard.ABSENT or is_left_alone:
                return found
        return gateway.reclaim(asked, now=now)
    except Exception as broke:
        _logger.exception("payout_gateway_broke", reclaim=str(reclaim.id))
        return ReclaimReport(reclaim_id=reclaim.id, heard=Heard.NOTHING, reason=type(broke).__name__)


def _let_one_go(gateway: PayoutGateway, asked: ToUnfreeze, now: datetime) -> UnfreezingReport:
    try:
        if asked.unfreezing.tries > 1:
            found = gateway.ask_unfreezing(asked, now=now)
            if found.heard is not Heard.ABSENT:
                return found
        return gateway.unfreeze(asked, now=now)
    except Exception as broke:
        _logger.exception("payout_gateway_broke", unfreezing=str(asked.unfreezing.id))
        return UnfreezingReport(
            unfreezing_id=asked.unfreezing.id, heard=Heard.NOTHING, reason=type(broke).__name__
        )


def put(gateway: PayoutGateway, claimed: Claimed, now: datetime) -> Report:
    """Put a request: the first time send it, later ask for it, and send it again only where the gateway has none of it.

    What was given up is asked for alone.
    """
    asked = claimed.to_send
    try:
        if claimed.tries > 1 or claimed.is_given_up:
            found = gateway.ask(asked, now=now)
            if not claimed.is_opened:
                return msgspec.structs.replace(found, reason=RECEIVER_NOT_OPENED)
            if found.heard is not Heard.ABSENT or claimed.is_given_up:
                return found
        return gateway.send(asked, now=now)
    except Exception as broke:
        _logger.exception("payout_gateway_broke", request=str(claimed.request_id))
        return Report(request_id=claimed.request_id, heard=Heard.NOTHING, reason=type(broke).__name__)


def _asked(
    gateway: PayoutGateway, one: ToPrepare, now: datetime
) -> tuple[Contract | None, dict[str, int | None]]:
    """Ask what the contract allows and what of each transaction is left; None where that is not answered."""
    try:
        contract = gateway.contract(one.payer, now=now)
        left: dict[str, int | None] = {}
        if contract is not None and one.payer.way is Way.WECHAT_SHARING:
            for transaction in one.transactions:
                found = gateway.left_of(one.payer, transaction.number, now=now)
                left[transaction.number] = None if found is None else min(found, transaction.amount_minor)
        return contract, left
    except Exception:
        _logger.exception("payout_gateway_broke", payer=str(one.payer.id))
        return None, {}

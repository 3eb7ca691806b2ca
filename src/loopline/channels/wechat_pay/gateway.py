"""WeChat Pay pays out: shares of payments by profit sharing, and transfers to people in batches.

What it says is believed where it is signed. A refusal is followed by a question under the same number; where that is
not answered either, nothing is known, and it is asked again later.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from loopline.channels.wechat_pay import reclaims
from loopline.channels.wechat_pay.client import ABSENT_CODES, Client, Denied, called, open_client
from loopline.channels.wechat_pay.settings import WechatMerchant
from loopline.kernel.refusals import Refusal
from loopline.payouts import (
    AccountKind,
    Contract,
    Heard,
    LineReport,
    LineState,
    Notice,
    Payer,
    ReclaimReport,
    Report,
    ToPay,
    ToReclaim,
    ToSend,
    ToUnfreeze,
    UnfreezingReport,
    Way,
    number_of,
)
from loopline.payouts.refusals import NoticeNotBelieved

FRESH_FOR = timedelta(minutes=5)
"""How old a notification may be, and how far ahead its clock."""
_CALLS_WITHIN_SECONDS = 60.0
_DETAILS_AT_ONCE = 100
_WHOLE_RATIO = 10_000
_TYPES = {AccountKind.WECHAT_MERCHANT: "MERCHANT_ID", AccountKind.WECHAT_PERSON: "PERSONAL_OPENID"}
_RELATIONS = {AccountKind.WECHAT_MERCHANT: "DISTRIBUTOR", AccountKind.WECHAT_PERSON: "STAFF"}
_SHARED = {"SUCCESS": LineState.PAID, "CLOSED": LineState.RETURNED}
_TRANSFERRED = {"SUCCESS": LineState.PAID, "FAIL": LineState.RETURNED}
_NO_MERCHANT = "no keys of this merchant"
_REMARK = "Payout 打款"
_REST = "解冻剩余资金"
_logger = structlog.get_logger(__name__)


class WechatPayouts:
    """The gateway for some merchants, each known by its number."""

    def __init__(self, merchants: Sequence[WechatMerchant]) -> None:
        self._merchants = {one.mchid: one for one in merchants}
        self._clients = {one.mchid: open_client(one) for one in merchants}

    @property
    def ways(self) -> frozenset[str]:
        """By which ways it pays."""
        return frozenset({Way.WECHAT_SHARING.value, Way.WECHAT_TRANSFER.value})

    def contract(self, payer: Payer, *, now: datetime) -> Contract | None:
        """Ask how much of a payment may be shared; the rest stands in the merchant's contract."""
        del now
        merchant, client = self._merchants.get(payer.number), self._clients.get(payer.number)
        if merchant is None or client is None:
            return None
        if payer.way is Way.WECHAT_TRANSFER:
            return Contract(
                receivers_per_request=merchant.transfers_per_batch,
                requests_per_transaction=1,
                ratio_basis_points=_WHOLE_RATIO,
            )
        found = called(lambda: client.profitsharing_config_query(payer.number))
        ratio = found.get("max_ratio") if isinstance(found, dict) else None
        if not isinstance(ratio, int) or not 0 <= ratio <= _WHOLE_RATIO:
            return None
        return Contract(
            receivers_per_request=merchant.receivers_per_request,
            requests_per_transaction=merchant.requests_per_transaction,
            ratio_basis_points=ratio,
            reclaim_within_days=merchant.reclaim_within_days,
            reclaims_per_receiver=merchant.reclaims_per_receiver,
        )

    def left_of(self, payer: Payer, transaction_number: str, *, now: datetime) -> int | None:
        """Ask what of a payment is not shared yet. What is told of another payment is no answer."""
        del now
        client = self._clients.get(payer.number)
        if client is None:
            return None
        found = called(lambda: client.profitsharing_amount_query(transaction_number))
        if not isinstance(found, dict) or found.get("transaction_id") != transaction_number:
            return None
        left = found.get("unsplit_amount")
        return left if isinstance(left, int) and left >= 0 else None

    def send(self, asked: ToSend, *, now: datetime) -> Report:
        """Put a request under its number; what is refused is asked for before that is believed."""
        client = self._clients.get(asked.payer.number)
        if client is None:
            return _nothing(asked, _NO_MERCHANT)
        is_sharing = asked.payer.way is Way.WECHAT_SHARING
        found = _share(client, asked) if is_sharing else _transfer(client, asked)
        if isinstance(found, dict):
            return _known(asked, found, now) if is_sharing else _accepted(asked, found)
        if isinstance(found, str):
            return _nothing(asked, found)
        after = self.ask(asked, now=now)
        if after.heard is not Heard.ABSENT:
            return after
        is_final = 400 <= found.status < 500 and found.status != 429
        heard = Heard.REFUSED if is_final else Heard.NOTHING
        return Report(request_id=asked.request.id, heard=heard, reason=found.said)

    def ask(self, asked: ToSend, *, now: datetime) -> Report:
        """Ask what became of a request under its number."""
        client = self._clients.get(asked.payer.number)
        if client is None:
            return _nothing(asked, _NO_MERCHANT)
        if asked.payer.way is Way.WECHAT_TRANSFER:
            return _ask_transfer(client, asked, now)
        number = asked.request.transaction_number or ""
        found = called(lambda: client.profitsharing_order_query(number, asked.request.number))
        if isinstance(found, dict):
            return _known(asked, found, now)
        return _not_known(asked, found)

    def unfreeze(self, asked: ToUnfreeze, *, now: datetime) -> UnfreezingReport:
        """Ask to let go of the rest of a payment under our number; what is refused is asked after."""
        client = self._clients.get(asked.payer.number)
        if client is None:
            return _not_unfrozen(asked, Heard.NOTHING, _NO_MERCHANT)
        unfreezing = asked.unfreezing
        found = called(
            lambda: client.profitsharing_unfreeze(unfreezing.transaction_number, unfreezing.number, _REST)
        )
        if isinstance(found, Denied):
            after = self.ask_unfreezing(asked, now=now)
            return _not_unfrozen(asked, Heard.REFUSED, found.said) if after.heard is Heard.ABSENT else after
        return _unfrozen(asked, found)

    def ask_unfreezing(self, asked: ToUnfreeze, *, now: datetime) -> UnfreezingReport:
        """Ask what became of it: the platform tells of it as of a sharing without receivers."""
        del now
        client = self._clients.get(asked.payer.number)
        if client is None:
            return _not_unfrozen(asked, Heard.NOTHING, _NO_MERCHANT)
        unfreezing = asked.unfreezing
        found = called(
            lambda: client.profitsharing_order_query(unfreezing.transaction_number, unfreezing.number)
        )
        if isinstance(found, Denied):
            is_absent = found.status == 404 and found.code in ABSENT_CODES
            return _not_unfrozen(asked, Heard.ABSENT if is_absent else Heard.NOTHING, found.said)
        return _unfrozen(asked, found)

    def reclaim(self, asked: ToReclaim, *, now: datetime) -> ReclaimReport:
        """Ask for a share back under our number; what is refused is asked after before that is believed."""
        del now
        return reclaims.put(self._clients.get(asked.payer.number), asked)

    def ask_reclaim(self, asked: ToReclaim, *, now: datetime) -> ReclaimReport:
        """Ask what became of it under our number."""
        del now
        return reclaims.ask(self._clients.get(asked.payer.number), asked)

    def hear(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice | Refusal | None:
        """Read a notification: signed by the platform's key within five minutes, and sealed for the merchant.

        Headers are named in lower case. Whose merchant it is for shows itself by whose key opens it.
        """
        try:
            said_at = int(headers.get("wechatpay-timestamp", ""))
        except ValueError:
            return NoticeNotBelieved(why="no timestamp")
        if abs(now.timestamp() - said_at) > FRESH_FOR.total_seconds():
            return NoticeNotBelieved(why="stale")
        serial = headers.get("wechatpay-serial", "")
        for mchid, merchant in self._merchants.items():
            if serial != merchant.platform_key_id:
                continue
            try:
                told = self._clients[mchid].callback(dict(headers), body)
            except Exception as fault:  # noqa: BLE001 - whatever of it cannot be read is not believed
                _logger.info("notification_unreadable", error=repr(fault))
                continue
            if told is not None:
                return _notice(told)
        return NoticeNotBelieved(why="not signed by the platform, or not for us")


def _notice(told: Mapping[str, Any]) -> Notice | None:
    """What a notification is about; None where it is about nothing of payouts."""
    resource, notice_id = told.get("resource"), told.get("id")
    if not isinstance(resource, dict) or not isinstance(notice_id, str) or not notice_id:
        return None
    about: dict[str, Any] = resource  # pyright: ignore[reportUnknownVariableType] - JSON
    number = about.get("out_return_no") or about.get("out_order_no") or about.get("out_batch_no")
    return Notice(id=notice_id[:100], request_number=number) if isinstance(number, str) else None


def _unfrozen(asked: ToUnfreeze, found: dict[str, Any] | str) -> UnfreezingReport:
    """What a signed answer says; one about another number is no answer."""
    if isinstance(found, str):
        return _not_unfrozen(asked, Heard.NOTHING, found)
    about = (found.get("transaction_id"), found.get("out_order_no"))
    if about != (asked.unfreezing.transaction_number, asked.unfreezing.number):
        return _not_unfrozen(asked, Heard.NOTHING, "an answer about another")
    return UnfreezingReport(
        unfreezing_id=asked.unfreezing.id, heard=Heard.KNOWN, is_done=found.get("state") == "FINISHED"
    )


def _not_unfrozen(asked: ToUnfreeze, heard: Heard, why: str) -> UnfreezingReport:
    return UnfreezingReport(unfreezing_id=asked.unfreezing.id, heard=heard, reason=why[:200])


def _share(client: Client, asked: ToSend) -> dict[str, Any] | Denied | str:
    """Make receivers known, then share. Receivers are built anew: the library encrypts names in place."""
    until = time.monotonic() + _CALLS_WITHIN_SECONDS
    for one in asked.lines:
        receiver = one.receiver
        kind, relation = _TYPES[one.kind], _RELATIONS[one.kind]
        added = called(
            lambda kind=kind, relation=relation, receiver=receiver: client.profitsharing_add_receiver(
                kind, receiver.number, relation, receiver.holder
            )
        )
        if isinstance(added, str):
            return added
        if time.monotonic() > until:
            return "adding receivers takes too long"
    receivers = [
        {
            "type": _TYPES[one.kind],
            "account": one.receiver.number,
            "name": one.receiver.holder,
            "amount": one.net_minor,
            "description": _REMARK,
        }
        for one in asked.lines
    ]
    number = asked.request.transaction_number or ""
    return called(lambda: client.profitsharing_order(number, asked.request.number, receivers, False))


def _transfer(client: Client, asked: ToSend) -> dict[str, Any] | Denied | str:
    details = [
        {
            "out_detail_no": number_of(one.line_id),
            "transfer_amount": one.net_minor,
            "transfer_remark": _REMARK,
            "openid": one.receiver.number,
            "user_name": one.receiver.holder,
        }
        for one in asked.lines
    ]
    total = sum(one.net_minor for one in asked.lines)
    return called(
        lambda: client.transfer_batch(asked.request.number, _REMARK, _REMARK, total, len(details), details)
    )


def _ask_transfer(client: Client, asked: ToSend, now: datetime) -> Report:
    """Read all details of a batch, page by page: at most as many pages as its lines fill.

    Why a transfer failed takes a call for each, and is asked only of those that are not known to have ended; what time
    is not left for is said the next time, with its outcome.
    """
    until = time.monotonic() + _CALLS_WITHIN_SECONDS
    lines: list[LineReport] = []
    reference: str | None = None
    by_number = {number_of(one.line_id): one for one in asked.lines}
    for offset in range(0, max(1, len(asked.lines)), _DETAILS_AT_ONCE):
        found = called(
            lambda offset=offset: client.transfer_query_out_batch_no(
                asked.request.number, need_query_detail=True, offset=offset, limit=_DETAILS_AT_ONCE
            )
        )
        if not isinstance(found, dict):
            return _not_known(asked, found) if not offset else _nothing(asked, "only a part was answered")
        batch: dict[str, Any] = found.get("transfer_batch") or {}
        if batch.get("out_batch_no") != asked.request.number:
            return _nothing(asked, "the answer is about another batch")
        reference = batch.get("batch_id")
        if batch.get("batch_status") == "CLOSED":
            reason = str(batch.get("close_reason") or "closed")[:200]
            return _all_returned(asked, reason, now)
        for detail in found.get("transfer_detail_list") or ():
            one = by_number.get(detail.get("out_detail_no"))
            state = _TRANSFERRED.get(detail.get("detail_status"))
            if one is None or state is None:
                continue
            why = None
            if state is LineState.RETURNED and one.state is LineState.IN_TRANSIT:
                if time.monotonic() > until:
                    continue
                why = _why_failed(client, asked, one)
            lines.append(LineReport(line_id=one.line_id, state=state, at=now, reason=why))
    return Report(request_id=asked.request.id, heard=Heard.KNOWN, lines=lines, reference=reference)


def _why_failed(client: Client, asked: ToSend, one: ToPay) -> str | None:
    found = called(lambda: client.transfer_query_out_detail_no(number_of(one.line_id), asked.request.number))
    said = found.get("fail_reason") if isinstance(found, dict) else None
    return str(said)[:200] if said else None


def _known(asked: ToSend, found: dict[str, Any], now: datetime) -> Report:
    """What is signed of a sharing: type, account and amount of a receiver name the line.

    Lines of which all of that is the same, as where two parties are paid to one account, are told apart by the order of
    the numbers that WeChat Pay gives them, which last. Of a line whose receiver does not open any more, type and amount
    are what is left: it is known where all that may be meant by it fared the same.
    """
    about = (found.get("transaction_id"), found.get("out_order_no"))
    if about != (asked.request.transaction_number, asked.request.number):
        return _nothing(asked, "the answer is about another sharing")
    by_receiver: dict[tuple[Any, Any, Any], list[ToPay]] = {}
    for one in asked.lines:
        number = one.receiver.number or None
        by_receiver.setdefault((_TYPES[one.kind], number, one.net_minor), []).append(one)
    lines: list[LineReport] = []
    others: dict[tuple[Any, Any, Any], list[dict[str, Any]]] = {}
    for said in sorted(found.get("receivers") or (), key=lambda said: str(said.get("detail_id"))):
        same = by_receiver.get((said.get("type"), said.get("account"), said.get("amount")))
        if same:
            lines += _shared(same.pop(0), said, now)
        else:
            others.setdefault((said.get("type"), None, said.get("amount")), []).append(said)
    for place, meant in others.items():
        shut = by_receiver.get(place, ())
        if len(shut) == len(meant) and len({said.get("result") for said in meant}) == 1:
            for one, said in zip(shut, meant, strict=True):
                lines += _shared(one, said, now)
    return Report(
        request_id=asked.request.id, heard=Heard.KNOWN, lines=lines, reference=found.get("order_id")
    )


def _shared(one: ToPay, said: dict[str, Any], now: datetime) -> list[LineReport]:
    state = _SHARED.get(str(said.get("result")))
    if state is None:
        return []
    why = said.get("fail_reason") if state is LineState.RETURNED else None
    return [LineReport(line_id=one.line_id, state=state, at=now, reason=why)]


def _accepted(asked: ToSend, found: dict[str, Any]) -> Report:
    if found.get("out_batch_no") != asked.request.number:
        return _nothing(asked, "the answer is about another batch")
    return Report(request_id=asked.request.id, heard=Heard.KNOWN, reference=found.get("batch_id"))


def _all_returned(asked: ToSend, reason: str, now: datetime) -> Report:
    return Report(
        request_id=asked.request.id,
        heard=Heard.KNOWN,
        lines=[
            LineReport(line_id=one.line_id, state=LineState.RETURNED, at=now, reason=reason)
            for one in asked.lines
        ],
    )


def _not_known(asked: ToSend, found: Denied | str) -> Report:
    if isinstance(found, Denied):
        is_absent = found.status == 404 and found.code in ABSENT_CODES
        heard = Heard.ABSENT if is_absent else Heard.NOTHING
        return Report(request_id=asked.request.id, heard=heard, reason=found.said)
    return _nothing(asked, found)


def _nothing(asked: ToSend, reason: str) -> Report:
    return Report(request_id=asked.request.id, heard=Heard.NOTHING, reason=reason)

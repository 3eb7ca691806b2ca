"""Shares that WeChat Pay is asked to take back (分账回退): only from merchants, who agreed to it with WeChat Pay.

What it says is believed where it is signed and about this very return: its numbers, whose account, how much.
"""

from typing import Any

from loopline.channels.wechat_pay.client import ABSENT_CODES, Client, Denied, called
from loopline.payouts import Heard, ReclaimReport, ReclaimState, ToReclaim, number_of

_ENDED = {"SUCCESS": ReclaimState.CAME, "FAILED": ReclaimState.FAILED}
_NO_MERCHANT = "no keys of this merchant"
_WHY = "退货退回分账"


def put(client: Client | None, asked: ToReclaim) -> ReclaimReport:
    """Ask for a share back; a refusal is followed by a question under the same number."""
    receiver, reclaim = asked.receiver, asked.reclaim
    if client is None or receiver is None:
        return _said(asked, Heard.NOTHING, _NO_MERCHANT)
    found = called(
        lambda: client.profitsharing_return(
            reclaim.number,
            receiver.number,
            reclaim.amount_minor,
            _WHY,
            out_order_no=number_of(reclaim.request_id),
        )
    )
    if isinstance(found, str):
        return _said(asked, Heard.NOTHING, found)
    if isinstance(found, dict):
        return _known(asked, found)
    after = ask(client, asked)
    if after.heard is not Heard.ABSENT:
        return after
    is_final = 400 <= found.status < 500 and found.status != 429
    return _said(asked, Heard.REFUSED if is_final else Heard.NOTHING, found.said)


def ask(client: Client | None, asked: ToReclaim) -> ReclaimReport:
    """Ask what became of a return; takes nothing."""
    if client is None:
        return _said(asked, Heard.NOTHING, _NO_MERCHANT)
    reclaim = asked.reclaim
    found = called(lambda: client.profitsharing_return_query(number_of(reclaim.request_id), reclaim.number))
    if isinstance(found, dict):
        return _known(asked, found)
    if isinstance(found, str):
        return _said(asked, Heard.NOTHING, found)
    return _said(asked, Heard.ABSENT if _is_absent(found) else Heard.NOTHING, found.said)


def _is_absent(denied: Denied) -> bool:
    return denied.status == 404 and denied.code in ABSENT_CODES


def _known(asked: ToReclaim, found: dict[str, Any]) -> ReclaimReport:
    reclaim = asked.reclaim
    about = tuple(found.get(name) for name in ("out_order_no", "out_return_no", "amount"))
    is_ours = about == (number_of(reclaim.request_id), reclaim.number, reclaim.amount_minor)
    if asked.receiver is not None:
        is_ours = is_ours and found.get("return_mchid") == asked.receiver.number
    if not is_ours:
        return _said(asked, Heard.NOTHING, "an answer about another")
    state = _ENDED.get(str(found.get("result")))
    why = found.get("fail_reason") if state is ReclaimState.FAILED else None
    return ReclaimReport(
        reclaim_id=reclaim.id, heard=Heard.KNOWN, state=state, reason=str(why)[:200] if why else None
    )


def _said(asked: ToReclaim, heard: Heard, why: str) -> ReclaimReport:
    return ReclaimReport(reclaim_id=asked.reclaim.id, heard=heard, reason=why[:200])

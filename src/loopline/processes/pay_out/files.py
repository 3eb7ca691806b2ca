"""Files for a bank: made once, given to who may have them, and their outcome read back row by row."""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation

import msgspec
from babel.numbers import get_currency_precision

from loopline.db import Conn, log
from loopline.kernel.events import event
from loopline.kernel.refusals import Refusal
from loopline.kernel.scope import Scope
from loopline.payouts import (
    Heard,
    Line,
    LineReport,
    LineState,
    Payer,
    PayerId,
    PayoutLineId,
    Receiver,
    Report,
    Request,
    RequestId,
    Ring,
    Way,
    number_of,
    open_receiver,
)
from loopline.payouts import queries as payouts_queries
from loopline.payouts import rules as payouts_rules
from loopline.payouts import service as payouts_service
from loopline.payouts.events import PayoutFileDownloaded
from loopline.payouts.refusals import (
    FileChanged,
    LineAmountDiffers,
    LineContradicted,
    LineUnknown,
    NotAFile,
    NothingToPutInAFile,
    OutcomeNotReadable,
    PayerUnknown,
    RequestUnknown,
)
from loopline.processes.pay_out.books import apply_payout_reports
from loopline.processes.pay_out.plan import entities_in
from loopline.processes.pay_out.send import to_be_sent, write_and_post

FILE_COLUMNS = (
    "number 编号",
    "account 收款账号",
    "name 收款户名",
    "bank 收款银行",
    "amount 金额",
    "currency 币种",
    "remark 附言",
)
OUTCOME_COLUMNS = ("number", "result", "amount", "reason")
LINES_MOST = 1_000
_ROWS_MOST = 10_000
_RESULTS = {
    "paid": LineState.PAID,
    "success": LineState.PAID,
    "成功": LineState.PAID,
    "failed": LineState.RETURNED,
    "fail": LineState.RETURNED,
    "失败": LineState.RETURNED,
}
_BOM = "\ufeff"
_REASON_MOST = 200


class MadeFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is given out: UTF-8 with a byte order mark, as spreadsheets of Chinese banks read it."""

    name: str
    content: bytes

    def __repr__(self) -> str:
        return f"MadeFile(name={self.name}, bytes={len(self.content)})"


class Downloader(msgspec.Struct, frozen=True, kw_only=True):
    """Who is given a file, and where they may act."""

    actor: str
    scope: Scope


class OutcomeRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank says of one line; `row` counts from 1 below the heading. `amount_minor` where it says one."""

    row: int
    number: str
    state: LineState
    amount_minor: int | None
    reason: str


class FileRead(msgspec.Struct, frozen=True, kw_only=True):
    """What the outcome of a file changed: an outcome for each row, in their order."""

    outcomes: tuple[PayoutLineId | Refusal, ...]
    paid: int
    returned: int


def make_file(
    conn: Conn, payer_id: PayerId, *, ring: Ring, scope: Scope, now: datetime
) -> RequestId | Refusal:
    """Put approved payouts of an account at a bank into a file, at most a thousand; their money is on its way then.

    The file itself is made when it is downloaded: a payout whose receiver does not open could not stand in it, and is
    withdrawn, or waits where only the key is not here. Locks the payouts that no rival holds, then keys of entries.
    """
    entities = entities_in(conn, scope)
    payer = payouts_queries.payers_by_ids(conn, [payer_id]).get(payer_id)
    if payer is None or payer.way is not Way.BANK_FILE:
        return PayerUnknown(payer_id=payer_id)
    if entities is not None and payer.entity_id not in entities:
        return PayerUnknown(payer_id=payer_id)
    approved = payouts_service.lock_to_send(conn, payer.id, now=now, limit=LINES_MOST)
    standing, told = to_be_sent(conn, approved, ring=ring, now=now)
    drafts = payouts_rules.in_batches(standing, receivers_most=LINES_MOST)
    request_ids, sent = write_and_post(conn, payer, standing, drafts, now=now)
    log.append(conn, [*told, *sent])
    return request_ids[0] if request_ids else NothingToPutInAFile(payer_id=payer_id)


def download_file(
    conn: Conn, request_id: RequestId, who: Downloader, *, ring: Ring, now: datetime
) -> MadeFile | Refusal:
    """Return a file with the receivers in the open, and keep who got it. It is the same, byte for byte, each time.

    Locks the request.
    """
    request = _lock_file(conn, request_id, who.scope)
    if isinstance(request, Refusal):
        return request
    lines = payouts_queries.lines_of_requests(conn, [request.id])[request.id]
    accounts = payouts_queries.accounts_by_ids(conn, {line.account_id for line in lines})
    receivers: dict[PayoutLineId, Receiver] = {}
    for line in lines:
        receiver = open_receiver(accounts[line.account_id], ring=ring)
        if isinstance(receiver, Refusal):
            return receiver
        receivers[line.id] = receiver
    payer = payouts_queries.payers_by_ids(conn, [request.payer_id])[request.payer_id]
    content = _spelt(request, payer, lines, receivers)
    digest = hashlib.sha256(content).digest()
    if request.content_hash is not None and request.content_hash != digest:
        return FileChanged(request_id=request.id)
    payouts_service.keep_download(conn, request.id, digest, by=who.actor, now=now)
    told = PayoutFileDownloaded(request_id=request.id)
    log.append(conn, [event(told, subject=request.id, at=now, actor=who.actor)])
    return MadeFile(name=f"payouts-{request.written_at:%Y%m%d}-{request.number[-8:]}.csv", content=content)


def read_outcome(
    conn: Conn, request_id: RequestId, content: bytes, *, scope: Scope, now: datetime
) -> FileRead | Refusal:
    """Read what a bank says became of a file: each row by itself, the same again changes nothing.

    A CSV with a heading; columns `number`, `result` (paid or failed, 成功 or 失败), and where the bank has them
    `amount` and `reason`; what else it says is passed by. Lines that no row names stay on their way.
    """
    request = _lock_file(conn, request_id, scope)
    if isinstance(request, Refusal):
        return request
    payer = payouts_queries.payers_by_ids(conn, [request.payer_id])[request.payer_id]
    lines = payouts_queries.lines_of_requests(conn, [request.id])[request.id]
    judged = _judged(list(_rows(content, payer.currency)), lines)
    reports = [
        LineReport(line_id=line.id, state=row.state, at=now, reason=row.reason or None)
        for row, line in judged
        if not isinstance(row, Refusal) and line is not None
    ]
    report = Report(request_id=request.id, heard=Heard.KNOWN, lines=reports)
    applied = apply_payout_reports(conn, [report], now=now)
    contradicted = {one.id for one in applied.contradicted}
    outcomes: list[PayoutLineId | Refusal] = []
    for row, line in judged:
        if isinstance(row, Refusal):
            outcomes.append(row)
        elif line is not None:
            outcomes.append(LineContradicted(line_id=line.id) if line.id in contradicted else line.id)
    states = [one.state for one in applied.ended]
    return FileRead(
        outcomes=tuple(outcomes),
        paid=states.count(LineState.PAID),
        returned=states.count(LineState.RETURNED),
    )


def _lock_file(conn: Conn, request_id: RequestId, scope: Scope) -> Request | Refusal:
    request = payouts_service.lock_request(conn, request_id, entities=entities_in(conn, scope))
    if request is None:
        return RequestUnknown(request_id=request_id)
    return request if request.way is Way.BANK_FILE else NotAFile(request_id=request_id)


def _spelt(
    request: Request, payer: Payer, lines: Sequence[Line], receivers: Mapping[PayoutLineId, Receiver]
) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(FILE_COLUMNS)
    precision = get_currency_precision(payer.currency)
    for line in lines:
        receiver = receivers[line.id]
        writer.writerow(
            (
                number_of(line.id),
                receiver.number,
                receiver.holder,
                receiver.bank,
                str(Decimal(line.net_minor).scaleb(-precision)),
                payer.currency,
                f"Payout {request.number[-8:]}",
            )
        )
    return (_BOM + text.getvalue()).encode()


def _rows(content: bytes, currency: str) -> Iterator[OutcomeRow | Refusal]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")  # what Chinese banks' programs write
        except UnicodeDecodeError:
            yield OutcomeNotReadable(row=0, field="file")
            return
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        heading = [cell.strip().split(" ")[0].lower() for cell in next(rows, list[str]())]
        places = {name: heading.index(name) for name in OUTCOME_COLUMNS if name in heading}
        missing = next((name for name in ("number", "result") if name not in places), None)
        if missing is not None:
            yield OutcomeNotReadable(row=0, field=missing)
            return
        for row, cells in enumerate(rows, start=1):
            if row > _ROWS_MOST:
                yield OutcomeNotReadable(row=row, field="file")
                return
            if any(cell.strip() for cell in cells):
                stated = {name: _cell(cells, place) for name, place in places.items()}
                yield _row(row, stated, currency)
    except csv.Error:
        yield OutcomeNotReadable(row=0, field="file")


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def _row(row: int, stated: Mapping[str, str], currency: str) -> OutcomeRow | Refusal:
    state = _RESULTS.get(stated["result"].lower())
    if state is None:
        return OutcomeNotReadable(row=row, field="result")
    amount_minor: int | None = None
    if stated.get("amount"):
        try:
            scaled = Decimal(stated["amount"].replace(",", "")).scaleb(get_currency_precision(currency))
            amount_minor = int(scaled)
            if scaled != amount_minor:
                return OutcomeNotReadable(row=row, field="amount")
        except (InvalidOperation, OverflowError, ValueError):
            return OutcomeNotReadable(row=row, field="amount")
    return OutcomeRow(
        row=row,
        number=stated["number"],
        state=state,
        amount_minor=amount_minor,
        reason=stated.get("reason", "")[:_REASON_MOST],
    )


def _judged(
    rows: Sequence[OutcomeRow | Refusal], lines: Sequence[Line]
) -> list[tuple[OutcomeRow | Refusal, Line | None]]:
    """Find the line of each row: what names none of the file, or another amount, is refused.

    So are all rows of a line of which the file says that it was paid and that it was not: one of them is wrong.
    """
    by_number = {number_of(line.id): line for line in lines}
    said: dict[str, set[LineState]] = {}
    for row in rows:
        if not isinstance(row, Refusal):
            said.setdefault(row.number, set()).add(row.state)
    judged: list[tuple[OutcomeRow | Refusal, Line | None]] = []
    for row in rows:
        if isinstance(row, Refusal):
            judged.append((row, None))
            continue
        line = by_number.get(row.number)
        if line is None:
            judged.append((LineUnknown(row=row.row, number=row.number[:40]), None))
        elif len(said[row.number]) > 1:
            judged.append((OutcomeNotReadable(row=row.row, field="result"), None))
        elif row.amount_minor is not None and row.amount_minor != line.net_minor:
            differs = LineAmountDiffers(
                row=row.row, expected_minor=line.net_minor, found_minor=row.amount_minor
            )
            judged.append((differs, None))
        else:
            judged.append((row, line))
    return judged

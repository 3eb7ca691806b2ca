"""The sandbox's book: charges, refunds and what is still to be told, in one SQLite file that a restart finds as it was.

Every change is one transaction, with what it makes to be told; several processes may keep one book.
"""

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from loopline.channels.sandbox_pay.codes import CODE_REASONS, CodeManner, code_manner
from loopline.channels.sandbox_pay.messages import (
    ABOVE_PAID,
    CLOSED,
    EXPIRED,
    NOT_PAID,
    NUMBER_TAKEN,
    UNKNOWN,
    Charge,
    ChargeState,
    Denied,
    GatewayRefund,
    NewCharge,
    NewCodeCharge,
    NewGatewayRefund,
    Notification,
    RefundState,
    Telling,
)
from loopline.channels.sandbox_pay.settings import SandboxSettings, milliseconds

_BUSY_SECONDS = 10.0
_CHARGE = (
    "id, number, amount_minor, currency, state, reason, created_at, expires_at, changed_at, refunded_minor"
)
_REFUND = "id, number, charge_number, amount_minor, currency, state, reason, accepted_at, changed_at"
_BATCH = 200


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A copy of a notification that is due to be sent; `tries` counts this one."""

    id: int
    message_id: str
    body: bytes
    tries: int


class Book:
    """The book, and the one who writes in it: each method is a transaction."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._opened: sqlite3.Connection | None = None

    @property
    def _db(self) -> sqlite3.Connection:
        """The file, opened when somebody first looks into it; the caller holds the lock."""
        if self._opened is None:
            file = self._settings.file
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._opened = sqlite3.connect(
                file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._opened.row_factory = sqlite3.Row
            self._opened.execute("pragma journal_mode = wal")
            self._opened.execute("pragma synchronous = normal")
            self._opened.execute("pragma foreign_keys = on")
            self._opened.executescript(Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"))
        return self._opened

    def close_book(self) -> None:
        """Close the file; whoever is in the middle of a transaction ends it first."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection, None, None]:
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def create(self, new: NewCharge, *, now: datetime) -> Charge | Denied:
        """Make a charge, once per number; the number again with another amount or currency is denied."""
        with self._writing() as db:
            return self._made(db, new, now)

    def pay_by_code(self, new: NewCodeCharge, *, now: datetime) -> Charge | Denied:
        """Let the code on a customer's phone pay a charge, made where there is none; the number again is that charge.

        A code that pays nothing closes the charge: the merchant asks for another code under another number. One whose
        customer has to confirm leaves it waiting. Of neither is anything told: the merchant asks.
        """
        with self._writing() as db:
            charge = self._made(db, new, now)
            if isinstance(charge, Denied) or charge.state is not ChargeState.WAITING:
                return charge
            code_hash = hashlib.sha256(new.auth_code.encode()).hexdigest()
            db.execute("insert or ignore into scanned_code values (?, ?)", (code_hash, charge.number))
            (standing,) = db.execute(
                "select count(*) from scanned_code where code_hash = ? and charge_number = ?",
                (code_hash, charge.number),
            ).fetchone()
            manner = CodeManner.UNKNOWN if not standing else code_manner(new.auth_code)
            if manner is CodeManner.CONFIRMS:
                return charge
            state = ChargeState.PAID if manner is CodeManner.PAYS else ChargeState.CLOSED
            return self._move(db, charge, state, CODE_REASONS.get(manner), now)

    def _made(self, db: sqlite3.Connection, new: NewCharge, now: datetime) -> Charge | Denied:
        known = self._charge(db, "number", new.number)
        if known is not None:
            is_same = (known.amount_minor, known.currency) == (new.amount_minor, new.currency)
            return self._expired(db, known, now) if is_same else NUMBER_TAKEN
        if new.expires_at <= now:
            return EXPIRED
        db.execute(
            "insert into charge (id, number, amount_minor, currency, state, created_at, expires_at, changed_at)"
            " values (?, ?, ?, ?, 'waiting', ?, ?, ?)",
            (
                f"ch_{secrets.token_urlsafe(18)}",
                new.number,
                new.amount_minor,
                new.currency,
                milliseconds(now),
                milliseconds(new.expires_at),
                milliseconds(now),
            ),
        )
        made = self._charge(db, "number", new.number)
        assert made is not None, "just written"
        return made

    def charge_by_number(self, number: str, *, now: datetime) -> Charge | Denied:
        """Return a charge by the merchant's number."""
        return self._look(now, "number", number)

    def charge_by_id(self, charge_id: str, *, now: datetime) -> Charge | Denied:
        """Return a charge by the gateway's id."""
        return self._look(now, "id", charge_id)

    def pay(self, charge_id: str, *, now: datetime) -> Charge | Denied:
        """Take the customer's money, once: paid again is paid. Nothing closed or too late can be paid."""
        with self._writing() as db:
            found = self._charge(db, "id", charge_id)
            if found is None:
                return UNKNOWN
            found = self._expired(db, found, now)
            if found.state is ChargeState.CLOSED:
                return EXPIRED if found.reason == "expired" else CLOSED
            if found.state is ChargeState.PAID:
                return found
            return self._move(db, found, ChargeState.PAID, None, now)

    def cancel(self, charge_id: str, *, now: datetime) -> Charge | Denied:
        """Let the customer turn away: closes what waits; what is paid stays paid."""
        with self._writing() as db:
            return self._close(db, self._charge(db, "id", charge_id), "cancelled by the customer", now)

    def close(self, number: str, *, now: datetime) -> Charge | Denied:
        """Let the merchant call a charge off: closes what waits; what is paid stays paid."""
        with self._writing() as db:
            return self._close(db, self._charge(db, "number", number), "closed by the merchant", now)

    def refund(self, charge_id: str, new: NewGatewayRefund, *, now: datetime) -> GatewayRefund | Denied:
        """Accept to give back part of what was paid, once per number; it is done later."""
        with self._writing() as db:
            charge = self._charge(db, "id", charge_id)
            if charge is None:
                return UNKNOWN
            known = self._refund(db, new.number)
            if known is not None:
                is_same = (known.charge_number, known.amount_minor) == (charge.number, new.amount_minor)
                return known if is_same else NUMBER_TAKEN
            if charge.state is not ChargeState.PAID:
                return NOT_PAID
            if charge.refunded_minor + new.amount_minor > charge.amount_minor:
                return ABOVE_PAID
            db.execute(
                "update charge set refunded_minor = refunded_minor + ? where number = ?",
                (new.amount_minor, charge.number),
            )
            due = now + timedelta(seconds=self._settings.manners.refund_seconds)
            db.execute(
                "insert into refund (id, number, charge_number, amount_minor, currency, state, accepted_at, due_at,"
                " changed_at) values (?, ?, ?, ?, ?, 'accepted', ?, ?, ?)",
                (
                    f"re_{secrets.token_urlsafe(18)}",
                    new.number,
                    charge.number,
                    new.amount_minor,
                    charge.currency,
                    milliseconds(now),
                    milliseconds(due),
                    milliseconds(now),
                ),
            )
            made = self._refund(db, new.number)
            assert made is not None, "just written"
            return made

    def refund_by_number(self, number: str) -> GatewayRefund | Denied:
        """Return a refund by the merchant's number."""
        with self._lock:
            return self._refund(self._db, number) or UNKNOWN

    def settle(self, *, now: datetime) -> int:
        """Close charges whose time is over and finish refunds that are due; returns how many there were."""
        at = milliseconds(now)
        with self._writing() as db:
            late = db.execute(
                f"select {_CHARGE} from charge where state = 'waiting' and expires_at <= ?"  # noqa: S608 - our columns
                " order by expires_at, id limit ?",
                (at, _BATCH),
            ).fetchall()
            for row in late:
                self._move(db, self._charge_of(row), ChargeState.CLOSED, "expired", now)
            due = db.execute(
                "update refund set state = 'done', changed_at = ? where number in (select number from refund"
                " where state = 'accepted' and due_at <= ? order by due_at, id limit ?) returning id, number,"
                " charge_number, amount_minor, currency, state, reason, accepted_at, changed_at",
                (at, at, _BATCH),
            ).fetchall()
            for row in due:
                done = _refund_of(row)
                told = Notification(type=Telling.REFUND_DONE, timestamp=now, refund=done)
                self._tell(db, told, about=f"{done.number}:{RefundState.DONE}", now=now)
            return len(late) + len(due)

    def letters(self, *, now: datetime, limit: int, lease: timedelta) -> list[Letter]:
        """Take copies of notifications that are due; who dies with one has it taken again after the lease."""
        with self._writing() as db:
            rows = db.execute(
                "update telling set tries = tries + 1, next_at = ? where id in (select id from telling where"
                " next_at <= ? order by next_at, id limit ?) returning id, message_id, body, tries",
                (milliseconds(now + lease), milliseconds(now), limit),
            ).fetchall()
        letters = [Letter(id=row[0], message_id=row[1], body=bytes(row[2]), tries=row[3]) for row in rows]
        return sorted(letters, key=lambda letter: letter.id)

    def sent(self, letter: Letter, *, again_at: datetime | None) -> None:
        """Note that a copy arrived or is given up, or when it is tried again."""
        with self._writing() as db:
            next_at = milliseconds(again_at) if again_at else None
            db.execute("update telling set next_at = ? where id = ?", (next_at, letter.id))

    def next_due(self) -> datetime | None:
        """Return when something is to be done next: told, closed or finished."""
        with self._lock:
            (found,) = self._db.execute(
                "select min(at) from (select min(next_at) as at from telling where next_at is not null"
                " union all select min(expires_at) from charge where state = 'waiting'"
                " union all select min(due_at) from refund where state = 'accepted')"
            ).fetchone()
        return None if found is None else _moment(found)

    def under_way(self, *, now: datetime) -> int:
        """Return how much is still to be told, and how many refunds are to be finished by now."""
        with self._lock:
            (found,) = self._db.execute(
                "select (select count(*) from telling where next_at is not null)"
                " + (select count(*) from refund where state = 'accepted' and due_at <= ?)",
                (milliseconds(now),),
            ).fetchone()
        return int(found)

    def _look(self, now: datetime, column: str, value: str) -> Charge | Denied:
        with self._writing() as db:
            found = self._charge(db, column, value)
            return UNKNOWN if found is None else self._expired(db, found, now)

    def _close(
        self, db: sqlite3.Connection, found: Charge | None, reason: str, now: datetime
    ) -> Charge | Denied:
        if found is None:
            return UNKNOWN
        standing = self._expired(db, found, now)
        if standing.state is not ChargeState.WAITING:
            return standing
        return self._move(db, standing, ChargeState.CLOSED, reason, now)

    def _expired(self, db: sqlite3.Connection, found: Charge, now: datetime) -> Charge:
        if found.state is ChargeState.WAITING and found.expires_at <= now:
            return self._move(db, found, ChargeState.CLOSED, "expired", now)
        return found

    def _move(
        self, db: sqlite3.Connection, charge: Charge, state: ChargeState, reason: str | None, now: datetime
    ) -> Charge:
        """Let a charge that waits be paid or closed, and tell."""
        db.execute(
            "update charge set state = ?, reason = ?, changed_at = ? where id = ? and state = 'waiting'",
            (state.value, reason, milliseconds(now), charge.id),
        )
        moved = msgspec.structs.replace(charge, state=state, reason=reason, changed_at=now)
        by_code = db.execute(
            "select 1 from scanned_code where charge_number = ?", (charge.number,)
        ).fetchone()
        if by_code is not None:
            return moved
        kind = Telling.CHARGE_PAID if state is ChargeState.PAID else Telling.CHARGE_CLOSED
        told = Notification(type=kind, timestamp=now, charge=moved)
        self._tell(db, told, about=f"{moved.number}:{state}", now=now)
        return moved

    def _tell(self, db: sqlite3.Connection, told: Notification, *, about: str, now: datetime) -> None:
        message_id = f"msg_{secrets.token_urlsafe(18)}"
        body = msgspec.json.encode(told)
        for seconds in self._settings.manners.delays(about):  # one copy, or two
            next_at = milliseconds(now + timedelta(seconds=seconds))
            db.execute(
                "insert into telling (message_id, body, next_at) values (?, ?, ?)",
                (message_id, body, next_at),
            )

    def _charge(self, db: sqlite3.Connection, column: str, value: str) -> Charge | None:
        row = db.execute(f"select {_CHARGE} from charge where {column} = ?", (value,)).fetchone()  # noqa: S608 - our columns
        return None if row is None else self._charge_of(row)

    def _charge_of(self, row: sqlite3.Row) -> Charge:
        said: dict[str, Any] = dict(row)
        for moment in ("created_at", "expires_at", "changed_at"):
            said[moment] = _moment(said[moment])
        said["state"] = ChargeState(said["state"])
        return Charge(**said, cashier_path=f"{self._settings.base_path}/cashier/{said['id']}")

    def _refund(self, db: sqlite3.Connection, number: str) -> GatewayRefund | None:
        row = db.execute(f"select {_REFUND} from refund where number = ?", (number,)).fetchone()  # noqa: S608 - our columns
        return None if row is None else _refund_of(row)


def _refund_of(row: sqlite3.Row) -> GatewayRefund:
    said: dict[str, Any] = dict(row)
    for moment in ("accepted_at", "changed_at"):
        said[moment] = _moment(said[moment])
    said["state"] = RefundState(said["state"])
    return GatewayRefund(**said)


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)

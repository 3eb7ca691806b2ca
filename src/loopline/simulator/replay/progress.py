"""Where a replay stands, kept in the database and moved in the transaction of each step's effect."""

from collections.abc import Mapping

import msgspec

from loopline.db import Conn, execute, fetch_one, fetch_values, statements

SQL = statements(__file__)


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """`invoices` are through every step; the `under_way` next ones are a batch through its first `steps` steps.

    What came back in the first `returned` invoices is taken back. `counts` are sums over all steps so far.
    `finished_at_invoices` says where the closing steps were last done.
    """

    name: str
    seed: int
    source_hash: bytes
    invoices: int
    under_way: int
    steps: int
    returned: int
    counts: dict[str, int]
    finished_at_invoices: int | None

    def after_step(self, added: Mapping[str, int], *, batch: int) -> "Progress":
        """One more step of a batch of so many invoices is done, with what it counted."""
        counts = add_counts(self.counts, added)
        return msgspec.structs.replace(self, under_way=batch, steps=self.steps + 1, counts=counts)

    def with_returns_until(self, invoices: int) -> "Progress":
        """What came back in the first invoices is taken back."""
        return msgspec.structs.replace(self, returned=invoices)

    def at_next_batch(self) -> "Progress":
        """Every step of the batch under way is done."""
        return msgspec.structs.replace(self, invoices=self.invoices + self.under_way, under_way=0, steps=0)

    def finished(self) -> "Progress":
        """The closing steps are done for all invoices so far."""
        return msgspec.structs.replace(self, finished_at_invoices=self.invoices, under_way=0, steps=0)


class MovedByAnother(Exception):  # noqa: N818 - its text is shown to the person who started the replay
    """Another run of this replay is under way on the same database: this one did nothing."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def add_counts(counts: Mapping[str, int], added: Mapping[str, int]) -> dict[str, int]:
    """Return the sums by name, in order of name."""
    names = sorted(counts.keys() | added.keys())
    return {name: counts.get(name, 0) + added.get(name, 0) for name in names}


def find_progress(conn: Conn, name: str) -> Progress | None:
    """Return where a replay stands; None when it was never begun here."""
    return fetch_one(conn, SQL["progress"], Progress, name=name)


def is_replayed(conn: Conn) -> bool:
    """Tell whether this database holds a replayed history, whose time is not that of the clock."""
    return bool(fetch_values(conn, SQL["is_replayed"])[0])


def begin(conn: Conn, *, name: str, seed: int, source_hash: bytes) -> Progress:
    """Return where a replay stands, begun now if it never was."""
    execute(conn, SQL["begin"], name=name, seed=seed, source_hash=source_hash)
    progress = find_progress(conn, name)
    assert progress is not None
    return progress


def advance(conn: Conn, *, before: Progress, after: Progress) -> None:
    """Move a replay forward; raises MovedByAnother where it does not stand at `before`."""
    moved = execute(
        conn,
        SQL["advance"],
        name=before.name,
        invoices_before=before.invoices,
        steps_before=before.steps,
        invoices=after.invoices,
        under_way=after.under_way,
        steps=after.steps,
        returned=after.returned,
        counts=msgspec.json.encode(after.counts).decode(),
        finished_at_invoices=after.finished_at_invoices,
    )
    if moved != 1:
        raise MovedByAnother

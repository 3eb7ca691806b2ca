"""What seldom changes is read once and remembered by the process, for as long as the database says it stands.

Every change of a table that is remembered leaves a mark under a topic, in its own transaction (a trigger does: see the
migration `remembered`). A batch reads the marks of all topics in one statement, before anything else; what was
remembered under other marks is forgotten. So a batch never works with what was changed before it began, whichever
process changed it, and a transaction sees its own changes.
"""

import threading
from collections.abc import Callable, Collection, Hashable, Mapping
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

from loopline.db.rows import Conn, execute, fetch_rows
from loopline.db.statements import statements

SQL = statements(__file__)

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Marks: TypeAlias = Mapping[str, tuple[int, int]]
"""By topic: how many marks there are, and all of them folded into one number. Equal marks, nothing has changed."""

_NO_MARKS = (0, 0)
_MOST = 100_000


def read_marks(conn: Conn) -> Marks:
    """Return the marks of all topics as they are now, this transaction's own included. Locks nothing."""
    return {topic: (count, stamps) for topic, count, stamps in fetch_rows(conn, SQL["marks"])}


def sweep_marks(conn: Conn, *, before: datetime) -> int:
    """Forget marks that were made before a moment, but the last of each topic; returns how many."""
    return execute(conn, SQL["sweep_marks"], before=before)


class Remembered(Generic[Key, Value]):
    """Values by key, as `load` finds them; what it does not find is looked for each time.

    Values are shared by all threads of the process: they must be immutable. At most `most` are kept: whoever asks for
    more makes it begin anew.
    """

    def __init__(
        self,
        topic: str,
        load: Callable[[Conn, Collection[Key]], Mapping[Key, Value]],
        *,
        most: int = _MOST,
    ) -> None:
        self._topic = topic
        self._load = load
        self._most = most
        self._lock = threading.Lock()
        self._marks = _NO_MARKS
        self._known: dict[Key, Value] = {}

    def find(self, conn: Conn, keys: Collection[Key], *, marks: Marks) -> Mapping[Key, Value]:
        """Return the values of at least these keys; what does not exist is left out."""
        known = self._under(marks.get(self._topic, _NO_MARKS))
        missing = [key for key in keys if key not in known]
        if not missing:
            return known
        found = self._load(conn, missing)
        if len(known) + len(found) > self._most:
            return {**{key: known[key] for key in keys if key in known}, **found}
        known.update(found)
        return known

    def _under(self, marks: tuple[int, int]) -> dict[Key, Value]:
        """What is known under these marks: nothing, where others stand. A dict once given out only grows."""
        with self._lock:
            if self._marks != marks or len(self._known) >= self._most:
                self._marks, self._known = marks, {}
            return self._known

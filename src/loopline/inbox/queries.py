"""Reads of the inbox, for screens and processes. None locks anything; each stays within the branches of its scope."""

from collections.abc import Collection

from loopline.db import Conn, fetch, fetch_rows, fetch_values, statements
from loopline.inbox.model import Message, MessageAsk, MessageId, Step, Tally
from loopline.inbox.store import with_details
from loopline.kernel.ids import OrgUnitId
from loopline.kernel.scope import Scope

SQL = statements(__file__)


def messages_by_ids(conn: Conn, ids: Collection[MessageId], *, scope: Scope) -> list[Message]:
    """Return those of the messages that came from branches in scope, by id."""
    found = fetch(conn, SQL["messages_by_ids"], Message, ids=list(ids), branch_ids=_branches(scope))
    return [with_details(one) for one in found]


def find_messages(conn: Conn, ask: MessageAsk, *, scope: Scope) -> list[Message]:
    """Return the messages asked for, the last received first; without states those that are not settled."""
    ids: list[MessageId] = fetch_values(
        conn,
        SQL["message_ids"],
        branch_ids=_branches(scope),
        states=[state.value for state in ask.states],
        channel=ask.channel,
        kind=ask.kind,
        reason=ask.reason,
        number=ask.number,
        before=ask.before,
        limit=ask.limit,
    )
    return messages_by_ids(conn, ids, scope=scope)[::-1] if ids else []


def is_name_taken(conn: Conn, name: tuple[OrgUnitId, str, str]) -> bool:
    """Tell whether a message is kept under (branch of its sender, channel, its own id)."""
    branch_id, channel, external_id = name
    return bool(
        fetch_values(
            conn,
            SQL["is_name_taken"],
            branch_id=branch_id,
            channel=channel,
            external_id=external_id,
        )[0]
    )


def tallies(conn: Conn, *, scope: Scope) -> list[Tally]:
    """Return how many unsettled messages wait where and why, the most first."""
    return fetch(conn, SQL["tallies"], Tally, branch_ids=_branches(scope))


def steps_of(conn: Conn, message_id: MessageId) -> list[Step]:
    """Return what became of a message; the caller has seen that it lies in scope."""
    return fetch(conn, SQL["steps_of"], Step, message_id=message_id)


def keys_in_use(conn: Conn) -> dict[int, int]:
    """Return how many messages each sealing key of the file is needed for."""
    return dict(fetch_rows(conn, SQL["keys_in_use"]))


def _branches(scope: Scope) -> list[OrgUnitId] | None:
    return None if scope.everything else sorted(scope.org_units)

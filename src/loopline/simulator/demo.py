"""The demo: a made-up brand whose people sign in by one touch, and the key with which its world calls the API.

The brand is founded here, because nobody can sign in before somebody may; everything after that goes through the API.
A database that holds a replayed history is shown as it is, with people of that company; nobody else's is touched.
"""

from datetime import datetime, timedelta

from loopline import org
from loopline.db import Conn
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import NewApiKey, NewPassword, NewPerson, Permission, Role, RoleGrant
from loopline.processes.outcomes import all_granted
from loopline.simulator.brand.founding import found_brand
from loopline.simulator.brand.people import ACCOUNTS, DemoAccount
from loopline.simulator.brand.places import BRAND_UNIT
from loopline.simulator.replay.places import BRAND_UNIT as REPLAYED_UNIT
from loopline.simulator.replay.progress import is_replayed

_WORLD_KEY_NAME = "made-up world"
_FOUNDED_BEFORE = timedelta(days=1)
REPLAY_ACCOUNTS = (
    DemoAccount(sign_in_name="mei", name="Mei Lin", role=Role.HQ_OPERATIONS, unit_code=REPLAYED_UNIT),
    DemoAccount(sign_in_name="tomas", name="Tomás Rey", role=Role.FINANCE, unit_code=REPLAYED_UNIT),
    DemoAccount(sign_in_name="ada", name="Ada Osei", role=Role.AUDITOR, unit_code=REPLAYED_UNIT),
)


class NotADemo(Refusal, frozen=True, kw_only=True):
    """This database belongs to {brand}, not to the demo: start without --demo."""

    brand: str


def open_demo(conn: Conn, *, password: str, now: datetime) -> tuple[DemoAccount, ...]:
    """Found the demo's brand where nothing stands, give its people the password, and return who may sign in.

    What is there already stays as it is. In a database that holds a replay those are three people of the replayed
    company. Raises `Refused` where the database belongs to somebody: a demo never touches real data.
    """
    tops = {unit.code: unit.name for unit in org.branch_units(conn) if unit.parent_id is None}
    if REPLAYED_UNIT in tops and is_replayed(conn):
        _add_onlookers(conn, password=password, now=now)
        return REPLAY_ACCOUNTS
    others = [name for code, name in tops.items() if code != BRAND_UNIT]
    if others:
        raise Refused(NotADemo(brand=others[0]))
    if BRAND_UNIT not in tops:
        # The evening before: what the tills rang up on its first morning is split by rules that were there already.
        found_brand(conn, now=now - _FOUNDED_BEFORE)
        _set_passwords(conn, password=password, now=now)
    return ACCOUNTS


def is_demo_brand(conn: Conn) -> bool:
    """Tell whether the database holds the demo's brand, which a made-up world may live in."""
    return BRAND_UNIT in org.units_by_code(conn, [BRAND_UNIT])


def open_world_key(conn: Conn, known: str | None, *, now: datetime) -> str:
    """Return the key with which the made-up world calls the API: the one known, while it opens anything, or another.

    The key may do everything the brand's people may do together. The database keeps only its hash: whoever starts the
    world keeps it where nobody else reads.
    """
    if known is not None and org.api_key_by_token(conn, known, now=now) is not None:
        return known
    brand = org.units_by_code(conn, [BRAND_UNIT])[BRAND_UNIT]
    key = NewApiKey(name=_WORLD_KEY_NAME, branch_id=brand.id, permissions=frozenset(Permission))
    (made,) = all_granted(org.make_api_keys(conn, [key], by=None, rights=None, now=now))
    return made.token


def _add_onlookers(conn: Conn, *, password: str, now: datetime) -> None:
    """Add the people who look at a replay; those who are there stay as they are."""
    people = [
        NewPerson(sign_in_name=one.sign_in_name, name=one.name, unit_code=one.unit_code)
        for one in REPLAY_ACCOUNTS
    ]
    added = all_granted(org.add_people(conn, people, by=None, now=now))
    top = org.units_by_code(conn, [REPLAYED_UNIT])[REPLAYED_UNIT]
    grants = [
        RoleGrant(person_id=person.person_id, role=one.role, branch_id=top.id)
        for one, person in zip(REPLAY_ACCOUNTS, added, strict=True)
    ]
    all_granted(org.assign_roles(conn, grants, by=None, now=now))
    # A password set anew would end the sessions of those who are looking.
    new = [NewPassword(person_id=person.person_id, password=password) for person in added if person.is_new]
    all_granted(org.set_passwords(conn, new, by=None, now=now))


def _set_passwords(conn: Conn, *, password: str, now: datetime) -> None:
    """Give the demo's people the one password they share."""
    people = org.people_by_name(conn, [one.sign_in_name for one in ACCOUNTS])
    new = [NewPassword(person_id=person.id, password=password) for person in people.values()]
    all_granted(org.set_passwords(conn, new, by=None, now=now))

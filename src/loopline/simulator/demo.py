"""The demo's brand before anything has happened: its company, and people who can sign in to look.

It is the company of the replayed retailer, so that a replay started beside the demo fills the boards that are open.
"""

from datetime import datetime

import msgspec

from loopline import org
from loopline.db import Conn
from loopline.kernel.refusals import Refusal, Refused
from loopline.org import NewPassword, NewPerson, Role, RoleGrant
from loopline.processes.outcomes import all_granted
from loopline.simulator.replay.company import found_company
from loopline.simulator.replay.places import BRAND_UNIT


class DemoAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One of the demo's people, who may sign in with the demo's password."""

    sign_in_name: str
    name: str
    role: Role
    unit_code: str


class NotADemo(Refusal, frozen=True, kw_only=True):
    """This database belongs to {brand}, not to the demo: start without --demo."""

    brand: str


ACCOUNTS = (
    DemoAccount(sign_in_name="mei", name="Mei Lin", role=Role.HQ_OPERATIONS, unit_code=BRAND_UNIT),
    DemoAccount(sign_in_name="tomas", name="Tomás Rey", role=Role.FINANCE, unit_code=BRAND_UNIT),
    DemoAccount(sign_in_name="ada", name="Ada Osei", role=Role.AUDITOR, unit_code=BRAND_UNIT),
)


def open_demo(conn: Conn, *, password: str, now: datetime) -> None:
    """Found the demo's company and give its people the password; what is there already stays as it is.

    Raises `Refused` where the database belongs to somebody: a demo never touches real data.
    """
    others = [unit for unit in org.branch_units(conn) if unit.parent_id is None and unit.code != BRAND_UNIT]
    if others:
        raise Refused(NotADemo(brand=others[0].name))
    found_company(conn, now=now)
    people = [
        NewPerson(sign_in_name=one.sign_in_name, name=one.name, unit_code=one.unit_code) for one in ACCOUNTS
    ]
    added = all_granted(org.add_people(conn, people, by=None, now=now))
    units = org.units_by_code(conn, {one.unit_code for one in ACCOUNTS})
    grants = [
        RoleGrant(person_id=person.person_id, role=one.role, branch_id=units[one.unit_code].id)
        for one, person in zip(ACCOUNTS, added, strict=True)
    ]
    all_granted(org.assign_roles(conn, grants, by=None, now=now))
    # A password set anew would end the sessions of those who are looking.
    new = [NewPassword(person_id=person.person_id, password=password) for person in added if person.is_new]
    all_granted(org.set_passwords(conn, new, by=None, now=now))

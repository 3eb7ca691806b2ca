"""Who may count at a site, and who may say what a count comes to."""

from collections.abc import Collection
from uuid import UUID

from litestar.di import NamedDependency, Provide

from loopline import stock
from loopline.db import Conn
from loopline.kernel.ids import NodeId, PersonId
from loopline.kernel.refusals import Refused
from loopline.kernel.scope import NotInYourBranch, Scope
from loopline.org import Permission, Site
from loopline.org.queries import people_by_id
from loopline.processes.look_up import PERSON_ACTOR
from loopline.web.edge import Visitor
from loopline.web.languages import Language
from loopline.web.store.desk import DESK, Desk
from loopline.web.store.refusals import NoStockHere


def counting_scope(visitor: Visitor) -> Scope:
    """Return where somebody may count: whoever does a site's tasks sees its shelves anyway. Raises Refused for nowhere.

    To post what a count comes to is a permission of its own.
    """
    return visitor.scope_of(Permission.TASKS_WRITE)


def may_post(visitor: Visitor, site: Site) -> bool:
    """Tell whether somebody may look through a count of a site, and post it."""
    scope = visitor.branches.get(Permission.STOCK_WRITE)
    return scope is not None and scope.covers_site(site.id)


def counting_desk(desk: NamedDependency[Desk]) -> Desk:
    """Return where somebody counts. Raises Refused where that is not theirs to do."""
    if not counting_scope(desk.visitor).covers_site(desk.site.id):
        raise Refused(NotInYourBranch(subject=desk.site.code))
    return desk


COUNTING = {**DESK, "counting": Provide(counting_desk, sync_to_thread=False)}


def shelf_of(conn: Conn, site: Site) -> NodeId:
    """Return the leaf whose goods a site sells. Raises Refused where it has none."""
    leaf_id = stock.selling_leaves(conn, [site.id]).get(site.id)
    if leaf_id is None:
        raise Refused(NoStockHere(site=site.name))
    return leaf_id


def actor_of(visitor: Visitor) -> str:
    """Return how the log names somebody."""
    return f"{PERSON_ACTOR}{visitor.person.person_id}"


def names_of(conn: Conn, actors: Collection[str], language: Language) -> dict[str, str]:
    """Return how people are called, by how the log names them; programs are left out."""
    ids = {
        one: PersonId(UUID(one.removeprefix(PERSON_ACTOR))) for one in actors if one.startswith(PERSON_ACTOR)
    }
    people = people_by_id(conn, ids.values())
    return {one: language.called(people[id_].name) for one, id_ in ids.items() if id_ in people}

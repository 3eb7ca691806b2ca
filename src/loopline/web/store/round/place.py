"""Who may pick at a site."""

from litestar.di import NamedDependency, Provide

from loopline.kernel.refusals import Refused
from loopline.kernel.scope import NotInYourBranch
from loopline.org import Permission
from loopline.web.store.desk import DESK, Desk


def picking_desk(desk: NamedDependency[Desk]) -> Desk:
    """Return where somebody picks. Raises Refused where that is not theirs to do."""
    if not desk.visitor.scope_of(Permission.TASKS_WRITE).covers_site(desk.site.id):
        raise Refused(NotInYourBranch(subject=desk.site.code))
    return desk


PICKING = {**DESK, "picking": Provide(picking_desk, sync_to_thread=False)}

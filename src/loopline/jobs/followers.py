"""Every follower of the log, in the order in which a round brings them up."""

from loopline.db.followers import Follower
from loopline.insight.followers import FOLLOWERS as BOARDS
from loopline.processes.follow import FOLLOWERS as STAGES
from loopline.processes.index import FOLLOWERS as INDEX
from loopline.processes.invoice import FOLLOWERS as INVOICED
from loopline.processes.lend import FOLLOWERS as LENT
from loopline.processes.notify import FOLLOWERS as NOTICES
from loopline.processes.points.standing import FOLLOWERS as POINTS
from loopline.processes.promised import FOLLOWERS as PROMISED
from loopline.processes.prove import FOLLOWERS as PROOFS
from loopline.processes.publish import FOLLOWERS as PUBLISHED
from loopline.processes.read_reviews import FOLLOWERS as READ
from loopline.processes.receive import FOLLOWERS as RECEIVED
from loopline.processes.review import FOLLOWERS as REVIEWS
from loopline.processes.slots import FOLLOWERS as SLOTS
from loopline.processes.touch import FOLLOWERS as TOUCHES

FOLLOWERS: tuple[Follower, ...] = (
    *STAGES,
    *BOARDS,
    *INDEX,
    *TOUCHES,
    *REVIEWS,
    *READ,
    *PROOFS,
    *PUBLISHED,
    *RECEIVED,
    *LENT,
    *PROMISED,
    *SLOTS,
    *INVOICED,
    *POINTS,
    *NOTICES,
)

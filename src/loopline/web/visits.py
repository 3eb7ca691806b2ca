"""What visits are at the edge: whether the code that a customer says is the one, and who is said to come."""

import re

from loopline.kernel.ids import OrderId
from loopline.kernel.refusals import Refusal
from loopline.processes.visits import VisitDone
from loopline.slots.visits import Proof
from loopline.web.collection import visit_code

SHOWN_MOST = 60
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_TWO_CHARACTERS = (
    "欧阳",
    "上官",
    "司马",
    "诸葛",
    "司徒",
    "东方",
    "夏侯",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
)


class VisitCodeWrong(Refusal, frozen=True, kw_only=True):
    """That is not the code of this order: the customer finds it on the order's page, six digits."""

    order_id: OrderId


def refused_code(command: VisitDone, said: str, *, secret: str) -> Refusal | None:
    """Return why a visit is not done: its customer says another code than the order's."""
    if command.proof is not Proof.CODE or said == visit_code(command.order_id, secret=secret):
        return None
    return VisitCodeWrong(order_id=command.order_id)


def who_comes(name: str) -> str:
    """Return what a customer is told of who comes, of a name in one language or two (「唐果 Tang Guo」).

    Of a Chinese name the family name with 师傅, of one in Latin letters the given name: the last word where it stands
    beside a Chinese one, else the first.
    """
    chinese, _, latin = name.strip().partition(" ")
    if not _CHINESE.fullmatch(chinese):
        return chinese[:SHOWN_MOST]
    family = next((one for one in _TWO_CHARACTERS if chinese.startswith(one)), chinese[:1])
    given = latin.split()[-1] if latin.split() else ""
    return f"{family}师傅 {given}".strip()[:SHOWN_MOST]

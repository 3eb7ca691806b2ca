"""What visits are at the edge: whether the code that a customer says is the one, and who is said to come."""

import hmac
import re
import unicodedata

from loopline.kernel.ids import OrderId
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


def is_visit_code(order_id: OrderId, said: str, *, secret: str) -> bool:
    """Tell whether what a customer says is the code of the order, in digits of any width.

    Whoever asks counts what is not.
    """
    typed = unicodedata.normalize("NFKC", said)
    return hmac.compare_digest(typed.encode(), visit_code(order_id, secret=secret).encode())


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

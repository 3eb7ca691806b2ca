"""The six rights: of every goods line that ended, whether the right goods came at the right time from the right place,
through the right person, at the right price, to the right customer; and what broke it where not.

A mark is `kept`, a cause, or nothing where no fact can tell: nothing is guessed. What each mark means is written in
`docs/reference/measures.md`. Lines are judged again whenever something happens to them, however late; sums by day and
site move by what changed, so that the same event twice is once.

Lock order: judged lines by (order, line), then sums by (day, side, site), then causes by (day, side, site, cause).
"""

from loopline.insight.rights.model import (
    CAUSES,
    KEPT,
    RIGHT_OF,
    Cause,
    CauseCount,
    DayMarks,
    JudgedLine,
    LineAsk,
    LineKey,
    Marks,
    Right,
    RightsAsk,
    RightsSetting,
    Side,
    SiteMarks,
    score_basis_points,
    total_of,
)
from loopline.insight.rights.queries import (
    broken_causes,
    judged_lines,
    marks_by_day,
    marks_by_site,
    marks_of_order,
    rights_setting,
)
from loopline.insight.rights.recount import rights_that_differ
from loopline.insight.rights.rules import SETTLED_AFTER, settled_until
from loopline.insight.rights.service import RIGHTS_TYPES, apply_rights

__all__ = [
    "CAUSES",
    "KEPT",
    "RIGHTS_TYPES",
    "RIGHT_OF",
    "SETTLED_AFTER",
    "Cause",
    "CauseCount",
    "DayMarks",
    "JudgedLine",
    "LineAsk",
    "LineKey",
    "Marks",
    "Right",
    "RightsAsk",
    "RightsSetting",
    "Side",
    "SiteMarks",
    "apply_rights",
    "broken_causes",
    "judged_lines",
    "marks_by_day",
    "marks_by_site",
    "marks_of_order",
    "rights_setting",
    "rights_that_differ",
    "score_basis_points",
    "settled_until",
    "total_of",
]

"""What a change of a shortfall is told as."""

import pytest

from loopline.kernel.events import EventBody, event, read
from loopline.kernel.ids import ShortfallId
from loopline.stock import ShortfallChange, ShortfallKind
from loopline.stock.events import ShortfallChanged, ShortfallClosed, ShortfallOpened, told
from tests.make.stock import NOW, new_id
from tests.unit.stock.books import LEAF, SKU

ID = ShortfallId(new_id())


@pytest.mark.parametrize(
    ("before", "after", "body"),
    [
        (
            0,
            3,
            ShortfallOpened(shortfall_id=ID, kind=ShortfallKind.MISSING, node_id=LEAF, sku_id=SKU, units=3),
        ),
        (
            1,
            3,
            ShortfallChanged(
                shortfall_id=ID, kind=ShortfallKind.MISSING, node_id=LEAF, sku_id=SKU, units_before=1, units=3
            ),
        ),
        (
            3,
            1,
            ShortfallChanged(
                shortfall_id=ID, kind=ShortfallKind.MISSING, node_id=LEAF, sku_id=SKU, units_before=3, units=1
            ),
        ),
        (3, 0, ShortfallClosed(shortfall_id=ID, kind=ShortfallKind.MISSING, node_id=LEAF, sku_id=SKU)),
    ],
)
def test_a_change_is_told_and_read_again(before: int, after: int, body: EventBody):
    change = ShortfallChange(
        shortfall_id=ID,
        kind=ShortfallKind.MISSING,
        node_id=LEAF,
        sku_id=SKU,
        units_before=before,
        units_after=after,
    )
    assert told(change) == body
    assert read(event(told(change), subject=ID, at=NOW), type(body)) == body

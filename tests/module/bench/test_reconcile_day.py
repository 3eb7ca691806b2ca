"""The made-up day that reconciling is measured by: the service finds what was planted, line by line."""

from bench.reconcile_day import measure
from loopline.db import Database


def test_a_small_day_is_reconciled_to_what_was_planted(database: Database):
    told = measure(database, 3_000)
    assert 3_000 <= told["day_lines"] <= 3_001
    planted = {name: told[f"day_{name}"] for name in ("missing_ours", "timing", "amount", "duplicate")}
    assert min(planted.values()) > 0
    assert told["day_as_planted"] is True
    unpaired = planted["missing_ours"] + planted["duplicate"]
    assert told["day_matched"] == told["day_lines"] - unpaired - planted["amount"]

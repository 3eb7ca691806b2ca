"""How seldom a process of Loopline looks for garbage: every one that works in batches sets this when it starts."""

import gc

_AFTER_OBJECTS = 50_000
"""A batch makes some hundred thousand records that live until it ends and hold no cycles.

With the thresholds Python starts with, walking them again and again costs up to half of its time.
"""


def search_seldom() -> None:
    """Look for garbage once in many objects, and never among what there is now: it stays as long as the process."""
    gc.freeze()
    gc.set_threshold(_AFTER_OBJECTS, 20, 50)

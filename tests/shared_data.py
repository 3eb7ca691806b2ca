"""Where the real inputs lie that are too big, or not ours, to be committed."""

import os
from pathlib import Path

import pytest

BESIDE_THE_CLONE = Path(__file__).parents[2] / "shared" / "data"


def shared_data(name: str) -> Path:
    """The file or folder `name` under ../shared/data, or under LOOPLINE_SHARED_DATA where that is set.

    Skips the test that asks where the data is absent: a clone alone has none.
    """
    root = Path(os.environ.get("LOOPLINE_SHARED_DATA") or BESIDE_THE_CLONE)
    path = root / name
    if not path.exists():
        pytest.skip(f"needs {name} in ../shared/data (or LOOPLINE_SHARED_DATA)")
    return path

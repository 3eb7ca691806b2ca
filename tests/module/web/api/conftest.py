"""A small brand whose API is called in this process; each test commits in a database of its own."""

from collections.abc import Generator

import pytest

from loopline.db import Database
from tests.make.api import House, served_house


@pytest.fixture
def house(database: Database) -> Generator[House, None, None]:
    """The shop of `tests.make.shop`, opened and served."""
    with served_house(database) as house:
        yield house

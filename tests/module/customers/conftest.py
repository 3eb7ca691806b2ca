from collections.abc import Generator

import pytest

from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from tests.make.databases import database_from


@pytest.fixture
def other_database(server: EmbeddedServer, template: str) -> Generator[Database, None, None]:
    """A second database of the test's own, to restore into."""
    yield from database_from(server, template)

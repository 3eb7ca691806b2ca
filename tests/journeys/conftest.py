"""One world for all journeys, and one Chromium; after each journey its books are proven."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from loopline.db.embedded import EmbeddedServer
from loopline.processes.doctor import examine
from tests.browser.conftest import launched
from tests.journeys.world import World, open_world
from tests.make.databases import database_from

expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def only_world(
    server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Generator[World, None, None]:
    directory: Path = tmp_path_factory.mktemp("journeys")
    # The browser comes first: where there is none, no world is made in vain.
    with (
        launched() as browser,
        contextmanager(database_from)(server, template) as database,
        open_world(database, directory, browser) as world,
    ):
        yield world


@pytest.fixture
def world(only_world: World) -> Generator[World, None, None]:
    """The world. When a journey has ended, its people go home, no page has complained, and doctor finds nothing."""
    yield only_world
    for context in list(only_world.browser.contexts):
        context.close()
    complaints, only_world.complaints = only_world.complaints, []
    assert complaints == []
    with only_world.database.reading() as conn:
        report = examine(conn)
    assert [one for one in report.checks if not one.ok] == []

"""A server process with a clock of its own speed, and the rounds beside it: holds run out while it is measured.

Told by arguments: the addresses of the database as its owner and as the serving role, the port, the data directory,
when the clock began (seconds since 1970), how many times as fast it goes, and whether the rounds run here.
"""

import sys
import time
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path

from loopline.db import Addresses, Database
from loopline.jobs.running import jobs_running
from loopline.web.app import create_app
from loopline.web.server import Address, serve
from loopline.web.settings import WebSettings
from tests.make.api import PLENTY
from tests.make.shop import NOON
from tests.make.web import SECRET


def main(arguments: list[str]) -> None:
    """Serve until ended."""
    owner, serving, port, directory, begun, factor, has_jobs = arguments
    started, speed = float(begun), float(factor)

    def clock() -> datetime:
        return NOON + timedelta(seconds=(time.time() - started) * speed)

    database = Database(Addresses(owner=owner, serving=serving))
    settings = WebSettings(secret=SECRET, data_directory=Path(directory), rates=PLENTY)
    with jobs_running(database, clock=clock) if has_jobs == "jobs" else nullcontext():
        serve(create_app(database, settings, clock=clock), Address(port=int(port)))
    database.close()


if __name__ == "__main__":
    main(sys.argv[1:])

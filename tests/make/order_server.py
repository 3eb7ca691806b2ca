"""A server in a process of its own, to be killed: serves a database on a port until it is ended or killed.

Told by arguments: the addresses of the database as its owner and as the serving role, the port, the data directory.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from loopline.db import Addresses, Database
from loopline.web.api.caller import Rates
from loopline.web.api.limits import Rate
from loopline.web.app import create_app
from loopline.web.server import Address, serve
from loopline.web.settings import WebSettings

PLENTY = Rate(burst=1_000_000, per_second=1_000_000)
SECRET = "forms of the tests are signed with this"
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def main(owner: str, serving: str, port: str, directory: str) -> None:
    database = Database(Addresses(owner=owner, serving=serving))
    settings = WebSettings(
        secret=SECRET,
        data_directory=Path(directory),
        rates=Rates(nobody=PLENTY, member=PLENTY, person=PLENTY, key=PLENTY),
    )
    serve(create_app(database, settings, clock=lambda: NOON), Address(port=int(port)))
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

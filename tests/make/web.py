"""A server to look at: a small brand with people, boards with sales, and the application on a port of its own."""

import atexit
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import httpx
import msgspec

from loopline import org
from loopline.db import Conn, Database, log
from loopline.insight import apply_happenings, apply_sales
from loopline.kernel.ids import SiteId
from loopline.orders.events import PlacedLine
from loopline.org import EntityKind, Role
from loopline.web.app import create_app
from loopline.web.edge import Clock, system_clock
from loopline.web.server import Address, WebServer
from loopline.web.settings import Demo, DemoPerson, WebSettings
from tests.make.insight import placed
from tests.make.org import PASSWORD, add_person, build_brand, succeeded

SECRET = "forms of the tests are signed with this"
NOW = datetime(2025, 3, 3, 1, 0, tzinfo=UTC)


def settings(**changes: object) -> WebSettings:
    fields: dict[str, object] = {
        "secret": SECRET,
        "data_directory": data_directory(),
        "board_poll_seconds": 0.1,
        "heartbeat_seconds": 0.5,
    }
    return WebSettings(**(fields | changes))  # pyright: ignore[reportArgumentType]


@cache
def data_directory() -> Path:
    """Where the keys and sandboxes of this test process lie; gone when it ends."""
    directory = tempfile.mkdtemp(prefix="loopline-web-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return Path(directory)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(database: Database, web: WebSettings, *, clock: Clock = system_clock) -> Generator[str]:
    """Serve a database on a free port; yields the address."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    web = msgspec.structs.replace(web, public_url=web.public_url or base)
    server = WebServer(create_app(database, web, clock=clock), Address(port=port))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        _await_health(base)
        yield base
    finally:
        server.stop()
        thread.join(timeout=20)
    assert not thread.is_alive()


def _await_health(base: str) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            if httpx.get(f"{base}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise TimeoutError("the server did not come up")


def furnish(conn: Conn) -> dict[str, SiteId]:
    """Set a small brand up: stores in Shanghai, a person per role, one password for all; site ids by code."""
    build_brand(conn, now=NOW)
    entity = org.NewEntity(
        code="HX-CO",
        kind=EntityKind.BRAND_COMPANY,
        name="环线商贸",
        unit_code="HX",
        country="CN",
        currency="CNY",
    )
    succeeded(org.add_entities(conn, [entity], by=None, now=NOW))
    sites = [
        org.NewSite(code=code, name=name, unit_code=code, entity_code="HX-CO")
        for code, name in (
            ("W-01", "嘉定仓"),
            ("S-01", "静安店"),
            ("S-02", "徐汇店"),
            ("S-03", "成都太古里店"),
        )
    ]
    added = succeeded(org.add_sites(conn, sites, by=None, now=NOW))
    people = [
        ("wang.hq", "HX", Role.HQ_OPERATIONS),
        ("li.store", "S-01", Role.STORE_MANAGER),
        ("zhao.guide", "S-01", Role.GUIDE),
    ]
    person_ids = [add_person(conn, name, at=at, role=role) for name, at, role in people]
    passwords = [org.NewPassword(person_id=person_id, password=PASSWORD) for person_id in person_ids]
    succeeded(org.set_passwords(conn, passwords, by=None, now=NOW))
    return {site.code: site.site_id for site in added}


DEMO = Demo(
    password=PASSWORD,
    people=(
        DemoPerson(sign_in_name="wang.hq", name="王芳", role=Role.HQ_OPERATIONS, place="总部"),
        DemoPerson(sign_in_name="li.store", name="李强", role=Role.STORE_MANAGER, place="静安店"),
        DemoPerson(sign_in_name="zhao.guide", name="赵敏", role=Role.GUIDE, place="静安店"),
    ),
)


def sell(
    conn: Conn,
    *lines: PlacedLine,
    at: datetime = NOW,
    site: SiteId | None = None,
    channel: str = "web",
    currency: str = "CNY",
) -> None:
    """Put one sale on the boards, as the followers would."""
    order = placed(*lines, at=at, site=site, channel=channel, currency=currency)
    log.append(conn, [order])
    (stored,) = log.read_subject(conn, order.subject)
    apply_sales(conn, [stored])
    apply_happenings(conn, [stored])

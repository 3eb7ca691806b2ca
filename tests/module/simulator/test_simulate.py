"""`loopline simulate` and the living demo, over real HTTP on a real database."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from loopline.cli.demo_brand import open_demo_brand
from loopline.db import Database
from loopline.db.settings import Settings
from loopline.simulator.brand.living import LifeAsk, Word, world_living
from loopline.simulator.brand.progress import find_world
from tests.make.online_retail import HEADER, LINES
from tests.make.shop import open_shop
from tests.make.web import served, settings
from tests.module.cli.test_commands import loopline


def test_world_and_books_agree_and_a_second_run_goes_on(database: Database, tmp_path: Path) -> None:
    said = loopline(
        database,
        tmp_path,
        "simulate",
        "--hours",
        "1.6",
        "--stores",
        "3",
        "--buyers",
        "60",
        "--seed",
        "5",
        "--json",
    )
    assert said.returncode == 0, said.stdout + said.stderr[-3_000:]
    report = json.loads(said.stdout)
    assert report["agrees"] is True
    assert report["doctor_ok"] is True
    assert [one["name"] for one in report["comparisons"] if one["world"] != one["books"]] == []
    world = report["world"]
    assert world["orders"]["livestream"] == 60
    assert min(world["orders"].values()) > 0
    assert set(world["tasks"]) >= {"accept", "pick", "check", "pack", "hand_over"}
    with database.reading() as conn:
        first = find_world(conn)
    assert first is not None
    assert (first.seed, first.is_real_time, first.told.stage) == (5, False, "day")
    assert first.told.orders == report["orders"]

    again = loopline(
        database, tmp_path, "simulate", "--hours", "0.2", "--stores", "3", "--seed", "5", "--json"
    )
    assert again.returncode == 0, again.stdout + again.stderr[-3_000:]
    with database.reading() as conn:
        second = find_world(conn)
    assert second is not None
    assert second.reached > first.reached


def test_somebody_elses_database_is_left_alone(database: Database, tmp_path: Path) -> None:
    with database.transaction() as conn:
        open_shop(conn)
        before = conn.execute("select count(*) from org.unit").fetchone()
    said = loopline(database, tmp_path, "simulate", "--hours", "0.2")
    assert said.returncode == 2
    assert "belongs to" in said.stderr
    with database.reading() as conn:
        assert conn.execute("select count(*) from org.unit").fetchone() == before


def test_a_replay_leaves_the_demo_alone(database: Database, tmp_path: Path) -> None:
    assert loopline(database, tmp_path, "demo").returncode == 0
    invoices = tmp_path / "invoices.csv"
    invoices.write_text("\n".join([HEADER, *LINES]) + "\n", encoding="utf-8")
    said = loopline(database, tmp_path, "replay", "online-retail", str(invoices))
    assert said.returncode == 2, said.stderr
    assert "give the replay a database of its own" in " ".join(said.stderr.split())


def test_the_demo_lives_beside_a_server_until_it_is_told_to_stop(database: Database, tmp_path: Path) -> None:
    opened = open_demo_brand(database, Settings(data_directory=tmp_path), now=datetime.now(UTC))
    assert opened.world_key is not None
    words: list[Word] = []
    goes_on = threading.Event()

    def hear(word: Word) -> None:
        words.append(word)
        if word.told.stage == "day" or word.problem:
            goes_on.set()

    web = settings(data_directory=tmp_path, demo=opened.demo)
    with (
        served(database, web) as base,
        world_living(LifeAsk(base_url=base, key=opened.world_key, seed=3), heard=hear),
    ):
        assert goes_on.wait(timeout=120)
    assert [word.problem for word in words if word.problem] == []
    assert list(dict.fromkeys(word.told.stage for word in words)) == ["opening", "morning", "day"]
    assert [word.told.orders for word in words] == sorted(word.told.orders for word in words)
    told = words[-1].told
    with database.reading() as conn:
        placed = conn.execute(
            'select count(*), max(placed_at) - min(placed_at) from orders."order"'
        ).fetchone()
    assert placed is not None
    assert placed[0] >= told.orders > 500
    assert placed[1] > timedelta(hours=5)  # the boards show the morning, too

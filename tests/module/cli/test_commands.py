"""The command as people and machines call it: a process of its own against a database given by its address."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from loopline import catalogue
from loopline.catalogue import TaxClass
from loopline.db import Database
from loopline.db.embedded import EmbeddedServer
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import Placed, place
from loopline.processes.reconcile.working import keep_sources
from tests.make.bills import Paid, new_source, wechat_bill
from tests.make.closing import sold_on
from tests.make.databases import empty_database
from tests.make.loop import pay_for
from tests.make.org import succeeded
from tests.make.shop import NOON, open_shop, till_sale
from tests.make.store import open_store
from tests.make.worked import work_days


def loopline(database: Database, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "LOOPLINE_DATA_DIR": str(folder),
        "LOOPLINE_DATABASE_URL": database.addresses.serving,
        "LOOPLINE_OWNER_DATABASE_URL": database.addresses.owner,
    }
    return subprocess.run(
        [sys.executable, "-m", "loopline.cli.main", *arguments],
        env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_doctor_lets_followers_catch_up_and_finds_a_brand_at_work_clean(database: Database, tmp_path: Path):
    with database.transaction() as conn:
        shop = open_shop(conn)
        (placed,) = place(conn, [till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed)
    said = loopline(database, tmp_path, "doctor", "--json")
    report = json.loads(said.stdout)
    # The till's sale was never paid for: that is the one thing doctor has to say.
    assert [check["name"] for check in report["checks"] if not check["ok"]] == ["order_money_agrees"]
    assert (report["ok"], said.returncode) == (False, 1)
    with database.transaction() as conn:
        pay_for(conn, shop, placed)
    with database.reading() as conn:
        assert conn.execute("select count(*) from sharing.split").fetchone() == (2,)
    again = loopline(database, tmp_path, "doctor", "--json")
    assert (json.loads(again.stdout)["ok"], again.returncode) == (True, 0), again.stdout


def test_doctor_says_the_smallest_repair_to_people(database: Database, tmp_path: Path):
    with database.transaction() as conn:
        open_shop(conn)
    with database.owner_transaction() as conn:
        conn.execute(
            "update stock.node_stock set free = free + 1 where ctid = (select min(ctid) from stock.node_stock)"
        )
    said = loopline(database, tmp_path, "doctor")
    assert said.returncode == 1
    assert "\n  insert into stock.node_stock" in said.stderr


def test_import_shows_first_and_writes_only_when_told(database: Database, tmp_path: Path):
    with database.transaction() as conn:
        catalogue.add_tax_classes(conn, [TaxClass(code="standard", name="Standard")])
    goods = tmp_path / "goods.csv"
    goods.write_text(
        "product_code,product_name,sku_code,sku_name,tax_class\nA,Alpha,a-1,Alpha one,standard\n"
    )
    preview = loopline(database, tmp_path, "import", "catalogue", str(goods), "--json")
    assert (preview.returncode, len(json.loads(preview.stdout)["added"])) == (0, 2)
    with database.reading() as conn:
        assert catalogue.skus_by_code(conn, ["A-1"]) == {}
    written = loopline(database, tmp_path, "import", "catalogue", str(goods), "--apply")
    assert written.returncode == 0, written.stderr
    with database.reading() as conn:
        assert catalogue.skus_by_code(conn, ["A-1"])["A-1"].name == "Alpha one"


def test_a_refused_row_names_its_line_and_writes_nothing(database: Database, tmp_path: Path):
    goods = tmp_path / "goods.csv"
    goods.write_text("product_code,product_name,sku_code,sku_name,tax_class\nA,Alpha,a-1,Alpha one,nowhere\n")
    said = loopline(database, tmp_path, "import", "catalogue", str(goods), "--apply", "--json")
    refused = json.loads(said.stdout)["refused"]
    assert [(row["line"], row["field"], row["value"]) for row in refused] == [(2, "tax_class", "nowhere")]
    assert said.returncode == 2
    with database.reading() as conn:
        assert catalogue.skus_by_code(conn, ["A-1"]) == {}


def test_log_says_how_far_followers_are_and_retries_what_they_parked(database: Database, tmp_path: Path):
    with database.transaction() as conn:
        shop = open_shop(conn)
        place(conn, [till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON)
        conn.execute("insert into log.follower (name, position) values ('settle', 1)")
        conn.execute(
            "insert into log.parked_event (follower, position, subject, reason, parked_at)"
            " select 'settle', position, subject, 'rules were missing', %s from log.event",
            (datetime.now(UTC),),
        )
    status = loopline(database, tmp_path, "log", "status", "--json")
    assert json.loads(status.stdout) == {
        "followers": [{"name": "settle", "position": 1, "behind": 0, "parked": 1}]
    }
    retried = loopline(database, tmp_path, "log", "retry", "settle")
    assert (retried.returncode, "1 applied, 0 still parked" in retried.stderr) == (0, True), retried.stderr
    with database.reading() as conn:
        assert conn.execute("select count(*) from sharing.split").fetchone() == (2,)
    assert loopline(database, tmp_path, "log", "retry", "nobody").returncode == 2


def test_demo_founds_its_brand_once_and_lists_its_people(database: Database, tmp_path: Path):
    first = loopline(database, tmp_path, "demo", "--json")
    assert first.returncode == 0, first.stderr
    said = json.loads(first.stdout)
    assert {one["role"] for one in said["people"]} >= {"hq_operations", "store_manager", "guide", "streamer"}
    again = loopline(database, tmp_path, "demo", "--json")
    assert json.loads(again.stdout) == said


def test_demo_touches_nobody_elses_database(database: Database, tmp_path: Path):
    with database.transaction() as conn:
        open_shop(conn)
    said = loopline(database, tmp_path, "demo", "--json")
    assert (said.returncode, said.stdout) == (2, "")
    with database.reading() as conn:
        assert conn.execute("select count(*) from org.unit where parent_id is null").fetchone() == (1,)


def test_an_export_is_whole_or_not_there(database: Database, tmp_path: Path):
    with database.transaction() as conn:
        shop = open_shop(conn)
        place(conn, [till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON)
    target = tmp_path / "orders.csv"
    said = loopline(database, tmp_path, "export", "orders", str(target), "--json")
    assert (said.returncode, json.loads(said.stdout)["rows"]) == (0, 1), said.stderr
    assert ",T-1," in target.read_text(encoding="utf-8-sig")
    assert loopline(database, tmp_path, "export", "secrets", str(tmp_path / "x.csv")).returncode == 2
    assert loopline(database, tmp_path, "export", "orders", str(tmp_path / "x.pdf")).returncode == 2
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["orders.csv"]


def test_a_backup_of_a_database_of_ones_own_comes_back_into_an_empty_one(
    server: EmbeddedServer, database: Database, tmp_path: Path
):
    with database.transaction() as conn:
        shop = open_shop(conn)
        place(conn, [till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON)
    dump = tmp_path / "one.dump"
    said = loopline(database, tmp_path, "backup", str(dump), "--json")
    assert (said.returncode, json.loads(said.stdout)["bytes"]) == (0, dump.stat().st_size), said.stderr
    refused = loopline(database, tmp_path, "restore", str(dump))
    assert (refused.returncode, "is not empty" in refused.stderr) == (2, True)
    with empty_database(server) as empty:
        restored = loopline(empty, tmp_path, "restore", str(dump), "--json")
        assert restored.returncode == 0, restored.stderr
        with empty.reading() as conn:
            assert conn.execute('select external_number from orders."order"').fetchall() == [("T-1",)]


def test_jobs_follow_the_log_until_told_to_stop(database: Database, tmp_path: Path):
    with database.transaction() as conn:
        shop = open_shop(conn)
        place(conn, [till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON)
    environment = {
        **os.environ,
        "LOOPLINE_DATA_DIR": str(tmp_path),
        "LOOPLINE_DATABASE_URL": database.addresses.serving,
        "LOOPLINE_OWNER_DATABASE_URL": database.addresses.owner,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "loopline.cli.main", "jobs"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and not _is_settled(database):
            time.sleep(0.1)
        assert _is_settled(database)
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "the batches under way were finished" in said


ENDS_WITHIN_SECONDS = 15


def test_jobs_that_still_load_their_solver_work_and_end_at_once(database: Database, tmp_path: Path):
    """Nothing is kept compiled: loading takes half a minute, and nobody waits for it, at the start or at the end."""
    with database.transaction() as conn:
        shop = open_shop(conn)
        place(conn, [till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON)
    environment = {
        **os.environ,
        "LOOPLINE_DATA_DIR": str(tmp_path),
        "LOOPLINE_DATABASE_URL": database.addresses.serving,
        "LOOPLINE_OWNER_DATABASE_URL": database.addresses.owner,
        "NUMBA_CACHE_DIR": str(tmp_path / "compiled"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "loopline.cli.main", "jobs"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and not _is_settled(database):
            time.sleep(0.1)
        assert _is_settled(database)
        told_to_end = time.monotonic()
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert time.monotonic() - told_to_end < ENDS_WITHIN_SECONDS


def _is_settled(database: Database) -> bool:
    with database.reading() as conn:
        return conn.execute("select count(*) from sharing.split").fetchone() == (2,)


def test_the_journal_is_cut_by_days_and_refused_without_them(database: Database, tmp_path: Path):
    with database.transaction() as conn:
        shop = open_shop(conn)
        (placed,) = place(conn, [till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed)
        pay_for(conn, shop, placed)
    books, days = tmp_path / "books.beancount", ("--from", str(NOON.date()), "--to", str(NOON.date()))
    said = loopline(database, tmp_path, "export", "journal", str(books), *days, "--json")
    assert said.returncode == 0, said.stderr
    text = books.read_text(encoding="utf-8")
    assert json.loads(said.stdout)["rows"] == sum(
        line.startswith("  ") and ":A" in line for line in text.splitlines()
    )
    assert "Assets:Cash:A1  158.20 CNY" in text
    refused = tmp_path / "refused.csv"
    assert loopline(database, tmp_path, "export", "journal", str(refused)).returncode == 2
    assert not refused.exists()


def test_a_bill_is_taken_in_and_compared_at_the_console(database: Database, tmp_path: Path):
    with database.transaction() as conn:
        shop = open_shop(conn)
        succeeded(
            keep_sources(conn, [new_source(entity_id=shop.brand_entity)], scope=WHOLE_BRAND, by="t", now=NOON)
        )
    bill = tmp_path / "bill.csv"
    bill.write_bytes(wechat_bill([Paid("N1", 500, fee=0)]))
    first = loopline(database, tmp_path, "reconcile", str(bill), "--source", "WX", "--json")
    told = json.loads(first.stdout)
    assert (told["bill"]["lines"], told["is_repeat"], told["run"]["opened"], first.returncode) == (
        1,
        False,
        1,
        1,
    )
    again = json.loads(
        loopline(database, tmp_path, "reconcile", str(bill), "--source", "WX", "--json").stdout
    )
    assert (again["is_repeat"], again["run"]["opened"]) == (True, 0)
    bill.write_bytes(bill.read_bytes().replace(b"`5.00", b"`5,00"))
    broken = loopline(database, tmp_path, "reconcile", str(bill), "--source", "WX")
    assert (broken.returncode, broken.stdout) == (2, "")
    assert "Line 2, column" in broken.stderr
    unknown = loopline(database, tmp_path, "reconcile", str(bill), "--source", "NONE")
    assert (unknown.returncode, "no source of bills NONE" in unknown.stderr) == (2, True)


def test_a_month_is_listed_shown_closed_and_written_at_the_console(database: Database, tmp_path: Path):
    with database.transaction() as conn:
        stage = open_store(conn)
        sold_on(conn, stage.shop, NOON, "T-1", "T-2")
    which = ("BRAND-CO", "2026-03")
    listed = json.loads(loopline(database, tmp_path, "close", "list", "--json").stdout)["months"]
    assert [(one["month"], one["state"]) for one in listed][-2:] == [
        ("2026-04", "waiting"),
        ("2026-03", "next"),
    ]
    shown = json.loads(loopline(database, tmp_path, "close", "show", *which, "--json").stdout)
    assert (shown["month"]["state"], sum(one["closing_minor"] for one in shown["balances"])) == ("next", 0)
    books = tmp_path / "march.csv"
    write = ("export", "journal", str(books), "--month", "2026-03", "--company", "BRAND-CO")
    for other in (("--from", "2026-03-01"), ("--zone", "UTC")):
        both = loopline(database, tmp_path, *write, *other)
        assert (both.returncode, "--month goes without" in both.stderr) == (2, True)
    without = loopline(database, tmp_path, *write[:3], "--company", "BRAND-CO")
    assert (without.returncode, "it is missing" in without.stderr) == (2, True)
    early = loopline(database, tmp_path, *write)
    assert (early.returncode, "2026-03 is open" in early.stderr, books.exists()) == (2, True, False)
    said = ("--comment", "all of it", "--json")
    nobody = loopline(database, tmp_path, "close", "month", *which, "--by", "nobody", *said)
    assert (nobody.returncode, "nobody signs in as nobody" in nobody.stderr) == (2, True)
    made = loopline(database, tmp_path, "close", "month", *which, "--by", "gu.finance", *said)
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    assert (told["is_repeat"], told["month"]["state"], told["month"]["comment"]) == (
        False,
        "closed",
        "all of it",
    )
    assert told["month"]["closed_by"] == f"person:{stage.people['gu.finance']}"
    again = json.loads(
        loopline(database, tmp_path, "close", "month", *which, "--by", "gu.finance", *said).stdout
    )
    assert (again["is_repeat"], again["month"]) == (True, told["month"])
    other = loopline(database, tmp_path, "close", "month", "BRAND-CO", "2026-05", "--by", "gu.finance", *said)
    assert (other.returncode, "months are closed in their order" in other.stderr) == (2, True)
    assert loopline(database, tmp_path, "close", "show", "BRAND-CO", "March").returncode == 2
    assert loopline(database, tmp_path, *write).returncode == 0
    rows = books.read_text(encoding="utf-8-sig").splitlines()
    with database.reading() as conn:
        every = conn.execute("select count(*) from ledger.published_postings").fetchone()
    # Everything there is was posted about March.
    assert (len(rows) - 1,) == every


def test_what_sites_do_in_a_day_is_learnt_and_told(database: Database, tmp_path: Path):
    now = datetime.now(UTC)
    with database.transaction() as conn:
        shop = open_shop(conn)
        work_days(conn, shop.sites["S"], [(4, 4), (2, 0), (4, 3)] * 10, stated=10, until=now)
    said = loopline(database, tmp_path, "learn", "capacity", "--json")
    assert said.returncode == 0, said.stderr
    told = json.loads(said.stdout)
    (store,) = [one for one in told["sites"] if one["site_code"] == "S"]
    known = (store["stated_per_day"], store["learnt_per_day"], store["holds"], store["verdict"])
    assert known == (10, 4, 10, "better")  # no profile lets it count
    people = loopline(database, tmp_path, "learn", "capacity")
    assert (people.returncode, "better" in people.stderr) == (0, True)

"""The command as people and machines call it: a process of its own against a database given by its address."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from loopline import catalogue
from loopline.catalogue import TaxClass
from loopline.db import Database
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.place import place
from tests.make.shop import NOON, open_shop, till_sale


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
        place(conn, [till_sale(shop, "T-1")], scope=WHOLE_BRAND, now=NOON)
    said = loopline(database, tmp_path, "doctor", "--json")
    report = json.loads(said.stdout)
    # The till's sale was never paid for: that is the one thing doctor has to say.
    assert [check["name"] for check in report["checks"] if not check["ok"]] == ["order_money_agrees"]
    assert (report["ok"], said.returncode) == (False, 1)
    with database.transaction() as conn:
        conn.execute(
            "insert into payments.payment (id, key, content_hash, order_id, method, entity_id, currency, amount_minor,"
            " taken_at, recorded_at) select gen_random_uuid(), 'k', ''::bytea, id, 'cash', seller_entity_id, currency,"
            " amount_minor, placed_at, placed_at from orders.order"
        )
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

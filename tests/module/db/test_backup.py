"""A backup brings everything back, into a new folder or in the place of what is there; what fails changes nothing."""

from pathlib import Path

import psycopg
import pytest

from loopline import orders, org
from loopline.customers.keys import open_key_ring, rotate_key_file
from loopline.customers.model import Identity, IdentityKind, NewMember, Opening, Personal
from loopline.customers.refusals import KeyLost
from loopline.customers.service import open_personal, register_members
from loopline.db.backup import BackupProblem, back_up, restore
from loopline.db.embedded import EmbeddedServer
from loopline.db.followers import catch_up
from loopline.db.opening import open_database
from loopline.db.settings import OWNER_ROLE, Settings
from loopline.jobs.followers import FOLLOWERS
from loopline.kernel.scope import WHOLE_BRAND
from loopline.processes.doctor import examine
from loopline.processes.place import Placed, place
from tests.make.shop import NOON, ask, open_shop


def nothing(_: str) -> None:
    """Nobody watches."""


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("backup")
    for path in (made, *made.parents):
        if path.stat().st_uid == 0 and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o055)
    return made


@pytest.fixture
def furnished(folder: Path) -> Settings:
    """A data folder with a brand, an order, and a member whose name is sealed."""
    settings = Settings(data_directory=folder / "first")
    ring = open_key_ring(settings.keys_directory)
    with open_database(settings) as database, database.transaction() as conn:
        shop = open_shop(conn)
        (placed,) = place(conn, [ask(shop, "W-1")], scope=WHOLE_BRAND, now=NOON)
        assert isinstance(placed, Placed)
        member = NewMember(
            identities=(Identity(kind=IdentityKind.PHONE, value="+8613800138000"),), name="林小满"
        )
        register_members(conn, [member], ring=ring, now=NOON)
    return settings


def test_a_backup_is_brought_back_whole_and_doctor_finds_it_clean(folder: Path, furnished: Settings):
    size = back_up(furnished, folder / "one.dump", told=nothing)
    assert size == (folder / "one.dump").stat().st_size > 10_000
    assert (folder / "one.dump").stat().st_mode & 0o077 == 0
    other = Settings(data_directory=folder / "second")
    assert restore(other, folder / "one.dump", replace=False, told=nothing) is None
    with open_database(other) as database, database.reading() as conn:
        assert next(unit.code for unit in org.branch_units(conn)) == "HX"
        order = orders.order_by_number(conn, orders.spell_number(_numbers(conn)[0]))
        assert isinstance(order, orders.Order)
        assert (order.external_number, order.units) == ("W-1", 3)
        row = conn.execute("select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'orders'")
        assert row.fetchone() == (OWNER_ROLE,)
    with open_database(other) as database:
        catch_up(database, FOLLOWERS, now=NOON)
        with database.reading() as conn:
            assert [check.name for check in examine(conn).checks if not check.ok] == []


def test_personal_data_open_with_the_keys_and_stay_sealed_without_them(folder: Path, furnished: Settings):
    back_up(furnished, folder / "one.dump", told=nothing)
    other = Settings(data_directory=folder / "second")
    restore(other, folder / "one.dump", replace=False, told=nothing)
    opening = Opening(actor="test", purpose="restore")
    with open_database(other) as database, database.transaction() as conn:
        (member_id,) = [row[0] for row in conn.execute("select id from customers.member")]
        kept = open_key_ring(furnished.keys_directory)
        (known,) = open_personal(conn, [member_id], opening=opening, ring=kept, now=NOON)
        assert isinstance(known, Personal)
        assert known.name == "林小满"
        rotated = rotate_key_file(next(furnished.keys_directory.glob("*.json")))
        (after,) = open_personal(conn, [member_id], opening=opening, ring=rotated, now=NOON)
        assert isinstance(after, Personal)
        lost = open_key_ring(folder / "new keys")
        (refused,) = open_personal(conn, [member_id], opening=opening, ring=lost, now=NOON)
        assert isinstance(refused, KeyLost)


def test_data_in_place_are_replaced_only_when_asked_and_kept_aside(folder: Path, furnished: Settings):
    back_up(furnished, folder / "one.dump", told=nothing)
    with open_database(furnished) as database, database.transaction() as conn:
        conn.execute("update orders.order set external_number = 'changed since'")
    with pytest.raises(BackupProblem, match="--replace"):
        restore(furnished, folder / "one.dump", replace=False, told=nothing)
    assert _external(furnished) == ["changed since"]
    assert restore(furnished, folder / "one.dump", replace=True, told=nothing) == "loopline_before_1"
    assert _external(furnished) == ["W-1"]


def test_a_broken_file_changes_nothing(folder: Path, furnished: Settings):
    back_up(furnished, folder / "one.dump", told=nothing)
    whole = (folder / "one.dump").read_bytes()
    (folder / "half.dump").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupProblem):
        restore(furnished, folder / "half.dump", replace=True, told=nothing)
    assert _external(furnished) == ["W-1"]
    with pytest.raises(BackupProblem, match="there already"):
        back_up(furnished, folder / "one.dump", told=nothing)
    assert (folder / "one.dump").read_bytes() == whole


def test_nobody_may_be_at_work_while_the_database_is_replaced(folder: Path, furnished: Settings):
    back_up(furnished, folder / "one.dump", told=nothing)
    server = EmbeddedServer(furnished.data_directory)
    server.start()
    try:
        with (
            psycopg.connect(server.conninfo(OWNER_ROLE, "loopline")),
            pytest.raises(BackupProblem, match="stop `loopline serve`"),
        ):
            restore(furnished, folder / "one.dump", replace=True, told=nothing)
    finally:
        server.stop()


def _numbers(conn: psycopg.Connection) -> list[int]:
    return [row[0] for row in conn.execute("select number from orders.published_orders")]


def _external(settings: Settings) -> list[str]:
    with open_database(settings) as database, database.reading() as conn:
        return [row[0] for row in conn.execute("select external_number from orders.order")]

"""`loopline verify` says by its exit code and in a sentence whether a statement is what was sealed."""

import subprocess
import sys
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from loopline.db.embedded import EmbeddedServer
from tests.make.databases import database_from
from tests.make.shop import NOON
from tests.make.statements import DAY, proven, seal_all, some_days


class Given(msgspec.Struct, frozen=True):
    """A statement as its party was given it, and the root that was published."""

    document: bytes
    root: str


@pytest.fixture(scope="module")
def given(server: EmbeddedServer, template: str) -> Generator[Given, None, None]:
    for database in database_from(server, template):
        shop = some_days(database)
        seals = seal_all(database, now=NOON + timedelta(days=4))
        days = [NOON.date(), (NOON + 2 * DAY).date()]
        yield Given(proven(database, shop.parties["GUIDE"], days=days), seals[-1].root.hex())


def verified(folder: Path, document: bytes, *options: str) -> tuple[int, str]:
    statement = folder / "statement.json"
    statement.write_bytes(document)
    # A process of its own: in this one it would set up logging for all tests that follow.
    run = subprocess.run(
        [sys.executable, "-m", "loopline.cli.main", "verify", str(statement), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, " ".join((run.stdout + run.stderr).split())


def test_what_was_sealed_is_proven(given: Given, tmp_path: Path):
    code, said = verified(tmp_path, given.document, "--root", given.root)
    assert code == 0
    assert "proven: GUIDE from 2026-03-02 to 2026-03-04, 4 lines, by the root of" in said


@pytest.mark.parametrize("form", ["page", "lines"])
def test_roots_are_read_from_a_file(given: Given, tmp_path: Path, form: str):
    roots = tmp_path / "roots"
    page = msgspec.json.encode({"items": [{"day": "2026-03-05", "root": given.root}], "next_cursor": None})
    roots.write_bytes(page if form == "page" else f"{'0' * 64}\n{given.root}\n".encode())
    assert verified(tmp_path, given.document, "--roots", str(roots))[0] == 0


def test_a_line_left_out_fails_with_a_sentence(given: Given, tmp_path: Path):
    document = msgspec.json.decode(given.document)
    del document["days"][1]["lines"][0]
    code, said = verified(tmp_path, msgspec.json.encode(document), "--root", given.root)
    assert code == 1
    assert "not proven: 2026-03-03: 1 of 1 lines are left out" in said


def test_another_root_fails(given: Given, tmp_path: Path):
    code, said = verified(tmp_path, given.document, "--root", "0" * 64)
    assert code == 1
    assert "does not lead to a root that is known" in said


def test_what_is_no_statement_fails(given: Given, tmp_path: Path):
    code, said = verified(tmp_path, b"[" * 100_000, "--root", given.root)
    assert code == 1
    assert "no statement" in said


def test_without_a_root_nothing_is_proven(given: Given, tmp_path: Path):
    assert verified(tmp_path, given.document)[0] == 2

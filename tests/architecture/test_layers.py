"""Who may import whom. The contract itself stands in pyproject.toml under [tool.importlinter]."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from tests.architecture import house


def test_every_import_goes_down_the_house(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = lint_imports(str(house.ROOT / "pyproject.toml"), no_cache=True, no_logo=True)
    assert outcome == 0, capsys.readouterr().out


def test_every_folder_of_the_house_has_its_layer() -> None:
    named = {name for layer in house.layers() for name in layer}
    assert set(house.folders()) - named == set()


def test_every_layer_names_folders_that_exist() -> None:
    named = {name for layer in house.layers() for name in layer}
    assert named - set(house.folders()) == set()


@pytest.mark.parametrize(
    ("importer", "statement"),
    [
        ("kernel/money.py", "import loopline.db"),
        ("stock/service.py", "import loopline.orders"),
        ("orders/service.py", "import loopline.processes"),
        ("insight/rules.py", "import loopline.web"),
        ("web/app.py", "import loopline.jobs"),
        ("simulator/demo.py", "import loopline.web"),
        ("kernel/ids.py", "import psycopg"),
    ],
)
def test_an_import_up_or_across_is_found(tmp_path: Path, importer: str, statement: str) -> None:
    shutil.copy(house.ROOT / "pyproject.toml", tmp_path)
    copy = tmp_path / "src" / "loopline"
    shutil.copytree(house.HOUSE, copy, ignore=shutil.ignore_patterns("vendor", "__pycache__"))
    with (copy / importer).open("a", encoding="utf-8") as file:
        file.write(f"\n{statement}\n")

    program = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True, no_logo=True))"
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1, run.stdout + run.stderr
    assert "BROKEN" in run.stdout

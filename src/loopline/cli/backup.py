"""`loopline backup` and `loopline restore`: the whole database to one file and back."""

import os
from pathlib import Path
from typing import Annotated

import typer

from loopline.cli.console import people, print_json, problems_told
from loopline.db.backup import back_up
from loopline.db.backup import restore as bring_back
from loopline.db.settings import settings_from


def backup(
    target: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write; it must not exist.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write the whole database to one file, while everybody works on. The keys are not in it: keep them apart."""
    settings = settings_from(os.environ)
    with problems_told(), people.status("backup") as status:
        size = back_up(settings, target, told=lambda line: status.update(f"backup: {_short(line)}"))
    if as_json:
        print_json({"file": str(target), "bytes": size})
    else:
        people.print(f"[green]written[/green]: {target}, {size:,} bytes", highlight=False)
        people.print(f"the keys in {settings.keys_directory} are not in it: keep a copy of them elsewhere")


def restore(
    source: Annotated[Path, typer.Argument(dir_okay=False, help="A file that backup wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put the database that is there aside, under another name.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Bring a backup back and migrate it to this program; a restore that fails changes nothing."""
    settings = settings_from(os.environ)
    with problems_told(), people.status("restore") as status:
        aside = bring_back(
            settings, source, replace=replace, told=lambda line: status.update(f"restore: {_short(line)}")
        )
    if as_json:
        print_json({"file": str(source), "former_database": aside})
    else:
        kept = f"; what was there is kept as {aside}" if aside else ""
        people.print(f"[green]restored[/green] from {source}{kept}; now run loopline doctor", highlight=False)


def _short(line: str) -> str:
    return line.partition(": ")[2][:100] or line[:100]

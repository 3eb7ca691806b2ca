"""`loopline bench`: measure the hot paths, each on a new database with durability on."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from loopline.cli.console import EXIT_REFUSED, people

_CHECKOUT = Path(__file__).resolve().parents[3]


def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which to measure; all where none is named.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per figure.")] = False,
) -> None:
    """Measure the hot paths and print the figures. The measurements come with the sources, not with the package."""
    if not (_CHECKOUT / "bench" / "__main__.py").exists():
        people.print("[red]the measurements come with the sources: run this in a checkout[/red]")
        raise typer.Exit(EXIT_REFUSED)
    command = [sys.executable, "-m", "bench", *(names or []), *(["--json"] if as_json else [])]
    raise typer.Exit(subprocess.run(command, cwd=_CHECKOUT, check=False).returncode)  # noqa: S603 - our own program

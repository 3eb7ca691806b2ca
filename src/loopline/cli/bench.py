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
        list[str] | None,
        typer.Argument(help="Which to measure; where none is named, all but steady and grown."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per figure.")] = False,
    orders: Annotated[int, typer.Option(min=1, help="Of `source`: how many orders wait.")] = 1_000,
    sites: Annotated[int, typer.Option(min=1, help="Of `source`: how many sites there are.")] = 50,
    seed: Annotated[int, typer.Option(help="Of `source`: what the instance is drawn from.")] = 1,
    time_limit: Annotated[
        float | None, typer.Option(min=0.1, help="Of `source`: seconds to search at most.")
    ] = None,
    minutes: Annotated[int, typer.Option(min=6, help="Of `steady`: how long it is counted.")] = 30,
    per_second: Annotated[int, typer.Option(min=1, help="Of `steady`: how many orders a second.")] = 2_000,
) -> None:
    """Measure the hot paths and print the figures. The measurements come with the sources, not with the package."""
    if not (_CHECKOUT / "bench" / "__main__.py").exists():
        people.print("[red]the measurements come with the sources: run this in a checkout[/red]")
        raise typer.Exit(EXIT_REFUSED)
    wave = ["--orders", str(orders), "--sites", str(sites), "--seed", str(seed)]
    if time_limit is not None:
        wave += ["--time-limit", str(time_limit)]
    steady = ["--minutes", str(minutes), "--per-second", str(per_second)]
    command = [
        sys.executable,
        "-m",
        "bench",
        *(names or []),
        *wave,
        *steady,
        *(["--json"] if as_json else []),
    ]
    raise typer.Exit(subprocess.run(command, cwd=_CHECKOUT, check=False).returncode)  # noqa: S603 - our own program

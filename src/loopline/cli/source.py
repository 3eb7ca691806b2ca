"""`loopline source`: decide from which site each order of a wave is sent."""

from pathlib import Path
from time import perf_counter
from typing import Annotated, Self

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from loopline.cli.console import BEGAN, people, print_json, problems_told
from loopline.cli.source_assign import assign
from loopline.sourcing.optimiser import instance as files
from loopline.sourcing.optimiser.compiled import usual_threads
from loopline.sourcing.optimiser.loading import load
from loopline.sourcing.optimiser.problem import FINE
from loopline.sourcing.optimiser.result import Progress as Where
from loopline.sourcing.optimiser.result import Settings
from loopline.sourcing.optimiser.search import solve as find_plan

_SEARCH_LEAST = 0.002
"""Seconds an order that the search gets in any case, up to the whole limit: with less there is no plan worth having."""
app = typer.Typer(no_args_is_help=True, help="Decide from which site each order of a wave is sent.")
app.command("assign")(assign)


@app.callback()
def source() -> None:
    """Decide from which site each order of a wave is sent."""


@app.command("solve")
def solve(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="The instance, as JSON or packed with gzip.")],
    out: Annotated[Path, typer.Option(help="Where to write the solution; packed where it ends in .gz.")],
    time_limit: Annotated[
        float, typer.Option(min=0.1, help="Seconds from the call to the solution, at most.")
    ] = 60.0,
    seed: Annotated[int, typer.Option(help="The seed of whatever is drawn.")] = 1,
    work: Annotated[
        int | None, typer.Option(min=1, help="Bound the search by its steps: the same on any machine.")
    ] = None,
) -> None:
    """Solve an instance file and write the solution. Exit 2 where the file is no instance.

    Where `--work` is given, time is no limit. Else the limit counts from the call, loading, reading and writing too;
    one that is too short for that is a limit of the search alone.
    """
    began: float = context.meta.get(BEGAN, perf_counter())
    with problems_told(), _Told() as told:
        reading = perf_counter()
        found = files.read_instance(path)
        problem = files.problem_of(found)
        # Writing takes no longer than reading took: a solution has fewer rows than its instance.
        writing = perf_counter() - reading
        load()
        left = time_limit - (perf_counter() - began) - writing
        settings = Settings(
            seconds=None if work else max(left, min(time_limit, _SEARCH_LEAST * problem.order_count)),
            work=work,
            seed=seed,
            threads=usual_threads(),
        )
        result = find_plan(problem, settings, tell=told.tell)
        solution = files.solution_of(found, problem, result)
        files.write_solution(out, solution)
    shown = ("instance", "status", "cost_minor", "bound_minor", "gap", "seconds", "seed", "work")
    print_json(
        {name: solution[name] for name in shown}
        | {"unfilled_lines": len(result.short), "wall_seconds": round(perf_counter() - began, 3)}
    )


class _Told:
    """A line on standard error that says where the search is."""

    def __init__(self) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=people,
            transient=True,
        )
        self._task = self._bar.add_task("reading")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, where: Where) -> None:
        cost = "" if where.cost is None else f" cost {where.cost // FINE:,}"
        bound = "" if where.bound is None else f" bound {where.bound // FINE:,}"
        self._bar.update(self._task, description=f"{where.stage}{cost}{bound}")

"""`loopline source assign`: which facilities open, and which of them serves each customer."""

from pathlib import Path
from typing import Annotated

import typer

from loopline.cli.console import EXIT_REFUSED, people, print_json, problems_told
from loopline.sourcing.assignment.problem import Settings
from loopline.sourcing.assignment.reading import read_problem
from loopline.sourcing.assignment.search import solve
from loopline.sourcing.assignment.writing import solution_of, write_solution
from loopline.sourcing.optimiser.compiled import usual_threads


def assign(
    path: Annotated[Path, typer.Argument(help="The problem: text as the OR-Library's, or .dzn.")],
    out: Annotated[Path | None, typer.Option(help="Where to write the solution as JSON.")] = None,
    time_limit: Annotated[float, typer.Option(min=0.1, help="Seconds to search at most.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="The seed of whatever is drawn.")] = 1,
    work: Annotated[
        int | None, typer.Option(min=1, help="Bound the search by its steps: the same on any machine.")
    ] = None,
) -> None:
    """Assign customers to facilities, one each (text) or several and some never together (.dzn), at the least cost.

    Where `--work` is given, time is no limit. Exit 2 where the file is no problem, or nothing was found.
    """
    with problems_told():
        problem = read_problem(path)
        settings = Settings(
            seconds=None if work else time_limit, work=work, seed=seed, threads=usual_threads()
        )
        with people.status(f"{problem.name}: {problem.facilities} facilities, {problem.customers} customers"):
            solution = solution_of(problem, solve(problem, settings))
        if out is not None:
            write_solution(out, solution)
    print_json({name: value for name, value in solution.items() if name not in {"open", "assignments"}})
    if solution["cost_minor"] is None:
        raise typer.Exit(EXIT_REFUSED)

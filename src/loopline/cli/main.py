"""The `loopline` command: a table of commands, each loaded when it is called: the web edge alone takes seconds."""

import importlib
from time import perf_counter
from typing import Any

import typer
from typer.core import TyperGroup

from loopline.cli.console import BEGAN, configure_logging
from loopline.kernel import garbage

# Where each command is: a function, or an app with commands of its own.
COMMANDS: dict[str, str] = {
    "serve": "loopline.cli.serve:serve",
    "jobs": "loopline.cli.jobs:jobs",
    "demo": "loopline.cli.demo:demo",
    "simulate": "loopline.cli.simulate:app",
    "rush": "loopline.cli.rush:rush",
    "replay": "loopline.cli.replay:app",
    "doctor": "loopline.cli.doctor:doctor",
    "import": "loopline.cli.bring_in:app",
    "reconcile": "loopline.cli.reconcile:reconcile",
    "close": "loopline.cli.close:app",
    "export": "loopline.cli.export:export",
    "seal": "loopline.cli.seal:seal",
    "verify": "loopline.cli.verify:verify_statement",
    "backup": "loopline.cli.backup:backup",
    "restore": "loopline.cli.backup:restore",
    "source": "loopline.cli.source:app",
    "boards": "loopline.cli.boards:app",
    "learn": "loopline.cli.learn:app",
    "reviews": "loopline.cli.reviews:app",
    "log": "loopline.cli.log:app",
    "bench": "loopline.cli.bench:bench",
}


class Commands(TyperGroup):
    """The commands of `COMMANDS`, imported one by one as they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as click calls it
        """Return every command's name, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command and return it."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        ctx.meta.setdefault(BEGAN, perf_counter())
        module, _, name = place.partition(":")
        found = getattr(importlib.import_module(module), name)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)
            alone.command()(found)
            found = alone
        command = typer.main.get_command(found)
        command.name = cmd_name
        garbage.search_seldom()
        return command


app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False
)


@app.callback()
def loopline() -> None:
    """Loopline: one customer, one stock, one price, one order, one transparent split of the money."""
    configure_logging()


if __name__ == "__main__":
    app()

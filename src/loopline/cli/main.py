"""The `loopline` command."""

import gc

import typer

from loopline.cli.backup import backup, restore
from loopline.cli.bench import bench
from loopline.cli.boards import app as boards_app
from loopline.cli.bring_in import app as import_app
from loopline.cli.console import configure_logging
from loopline.cli.demo import demo
from loopline.cli.doctor import doctor
from loopline.cli.export import export
from loopline.cli.jobs import jobs
from loopline.cli.log import app as log_app
from loopline.cli.replay import app as replay_app
from loopline.cli.serve import serve
from loopline.cli.simulate import simulate

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
app.command()(serve)
app.command()(simulate)
app.command()(doctor)
app.command()(jobs)
app.command()(demo)
app.command()(export)
app.command()(backup)
app.command()(restore)
app.command()(bench)
app.add_typer(replay_app, name="replay")
app.add_typer(boards_app, name="boards")
app.add_typer(import_app, name="import")
app.add_typer(log_app, name="log")


# A batch makes some hundred thousand records that live until it ends and hold no cycles. With the thresholds Python
# starts with, walking them again and again costs up to half of its time.
_COLLECT_AFTER_OBJECTS = 50_000


@app.callback()
def loopline() -> None:
    """Loopline: one customer, one stock, one price, one order, one transparent split of the money."""
    configure_logging()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER_OBJECTS, 20, 50)


if __name__ == "__main__":
    app()

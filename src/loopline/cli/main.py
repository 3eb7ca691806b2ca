"""The `loopline` command."""

import typer

from loopline.cli.doctor import doctor
from loopline.cli.log import app as log_app
from loopline.cli.replay import app as replay_app
from loopline.cli.serve import serve

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
app.command()(serve)
app.command()(doctor)
app.add_typer(replay_app, name="replay")
app.add_typer(log_app, name="log")


@app.callback()
def loopline() -> None:
    """Loopline: one customer, one stock, one price, one order, one transparent split of the money."""


if __name__ == "__main__":
    app()

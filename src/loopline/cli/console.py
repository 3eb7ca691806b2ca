"""How the command talks: people get colour and progress on standard error, machines JSON on standard output."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import msgspec
import structlog
from rich.console import Console

from loopline.db.backup import BackupProblem
from loopline.db.embedded import EmbeddedProblem
from loopline.db.migrate import NewerDatabase
from loopline.kernel.refusals import Refused

people = Console(stderr=True)
EXIT_REFUSED = 2
BEGAN = "loopline.began"
"""Where the context of a command keeps when it was called, by `perf_counter`: before its code was loaded."""


def print_json(value: Any) -> None:
    """Print one JSON object for a machine."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def configure_logging() -> None:
    """Log to standard error: lines for a person at a terminal, JSON for whatever collects it. Never local variables."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            if sys.stderr.isatty()
            else structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@contextmanager
def problems_told() -> Generator[None, None, None]:
    """Tell a person what stands in the way, without a traceback; a bug keeps its own."""
    try:
        yield
    except (BackupProblem, EmbeddedProblem, NewerDatabase, Refused) as problem:
        people.print(f"[red]{problem}[/red]", highlight=False)
        sys.exit(EXIT_REFUSED)

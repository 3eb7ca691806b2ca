"""`loopline doctor`: prove that the books are right."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from loopline.cli.console import people, print_json, problems_told
from loopline.customers.keys import open_key_ring
from loopline.customers.reencryption import lost_keys
from loopline.db.followers import catch_up
from loopline.db.opening import open_database
from loopline.db.settings import settings_from
from loopline.jobs.followers import FOLLOWERS
from loopline.processes.doctor import ALL_CHECKS, RECOUNTS, CheckResult, Report, examine, following, renewed
from loopline.processes.pay_out import lost_account_keys
from loopline.processes.receive import lost_message_keys

# Beside live work the log moves on between the followers' end and the examination: what follows it is looked at again.
_LOOKS_AGAIN_MAX = 10


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Prove every invariant; print what is broken with the smallest repair. Exit 0 only when all hold."""
    settings = settings_from(os.environ)
    with (
        problems_told(),
        open_database(settings) as database,
        people.status("doctor: followers catch up") as status,
    ):
        # What follows the log is judged at its end, not a moment behind it.
        catch_up(database, FOLLOWERS, now=datetime.now(UTC))
        done: list[CheckResult] = []

        def told(result: CheckResult) -> None:
            done.append(result)
            status.update(f"doctor: {len(done)} of {len(ALL_CHECKS) + len(RECOUNTS)} checks")

        ring = open_key_ring(settings.keys_directory)
        with database.reading() as conn:
            sealed = [*lost_message_keys(conn, ring=ring), *lost_account_keys(conn, ring=ring)]
            lost = [*lost_keys(conn, ring=ring), *sealed]
            report = examine(conn, told=told, found_outside={"keys_open_personal_data": lost})
        for _ in range(_LOOKS_AGAIN_MAX):
            behind = following(report)
            if not behind:
                break
            catch_up(database, FOLLOWERS, now=datetime.now(UTC))
            with database.reading() as conn:
                report = renewed(report, examine(conn, checks=behind))
    if as_json:
        print_json(report)
    else:
        _print_for_people(report)
    raise typer.Exit(0 if report.ok else 1)


def _print_for_people(report: Report) -> None:
    table = Table(box=None)
    for heading in ("check", "invariant", "", "seconds"):
        table.add_column(heading, justify="right" if heading == "seconds" else "left")
    for check in report.checks:
        verdict = "[green]holds[/green]" if check.ok else f"[red]{check.broken} broken[/red]"
        table.add_row(check.name, str(check.invariant), verdict, f"{check.seconds:.3f}")
    people.print(table)
    for check in report.checks:
        for finding in check.findings:
            people.print(
                f"[red]{check.name}[/red] {escape(finding.subject)}: found {escape(finding.found)},"
                f" expected {escape(finding.expected)}\n  {escape(finding.repair)}",
                highlight=False,
                soft_wrap=True,  # a repair is there to be copied whole
            )
    people.print("[green]ok[/green]" if report.ok else "[red]not ok[/red]")

"""`loopline verify`: check a statement offline, knowing only a root."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from loopline.cli.console import EXIT_REFUSED, people, print_json
from loopline.statements.model import ProvenStatement, Sums
from loopline.statements.rules.verifying import NotProven, Proven, read_statement, verify

_EXIT_NOT_PROVEN = 1


class _Root(msgspec.Struct):
    root: str


class _Roots(msgspec.Struct):
    items: list[_Root]


def verify_statement(
    statement: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The statement, as JSON.")],
    root: Annotated[
        list[str] | None,
        typer.Option(help="A root that was published, hexadecimal; repeat it for more."),
    ] = None,
    roots: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="A file of roots: of /api/v1/settlement-roots, or one a line."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check a statement against a published root. Exit 0 only when every line of it is what was sealed.

    Works without a database and without a network. 1: something was changed, added or left out; 2: no root was given.
    """
    known = {one.strip().lower() for one in root or ()}
    if roots is not None:
        known |= roots_of(roots.read_bytes())
    if not known:
        people.print("[red]a root is needed: --root, or --roots with a file of them[/red]")
        raise typer.Exit(EXIT_REFUSED)
    try:
        found = read_statement(statement.read_bytes())
        proven = verify(found, roots=known)
    except NotProven as problem:
        if as_json:
            print_json({"ok": False, "problem": str(problem)})
        people.print(f"[red]not proven[/red]: {problem}", highlight=False, markup=True)
        raise typer.Exit(_EXIT_NOT_PROVEN) from problem
    if as_json:
        print_json({"ok": True, "lines": proven.lines, "root": proven.root, "root_day": proven.root_day})
    _tell(found, proven)


def _tell(found: ProvenStatement, proven: Proven) -> None:
    people.print(
        f"[green]proven[/green]: {found.party_code} from {found.first_day} to {found.last_day},"
        f" {proven.lines:,} lines, by the root of {proven.root_day}",
        highlight=False,
    )
    for word, sums in (("opening", found.opening), ("closing", found.closing)):
        people.print(f"  {word}: {_said(sums)}", highlight=False)


def _said(sums: tuple[Sums, ...]) -> str:
    return (
        "; ".join(
            f"{one.currency} pending {one.pending_minor}, due {one.due_minor}"
            + (f", owes for promotions {one.borne_minor}" if one.borne_minor else "")
            + " (minor units)"
            for one in sums
        )
        or "nothing"
    )


def roots_of(content: bytes) -> set[str]:
    """Return the roots that a file names: pages as the API tells them, or texts, one on a line."""
    try:
        found = msgspec.json.decode(content, type=_Roots)
        return {one.root.lower() for one in found.items}
    except msgspec.DecodeError:
        return {
            line.strip().lower() for line in content.decode(errors="replace").splitlines() if line.strip()
        }

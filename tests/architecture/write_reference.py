"""Write the reference of refusals, events, rights from the source: `python -m tests.architecture.write_reference`."""

import importlib
import re
import typing
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from loopline.kernel.events import EventBody
from loopline.kernel.refusals import Refusal
from loopline.org import Role
from tests.architecture import house
from tests.make.rights import Mark, rights

FOLDER = house.ROOT / "docs" / "reference"
RECORD = typing.TypeVar("RECORD", bound=msgspec.Struct)


def import_everything() -> None:
    """Import every module of the house, so that every subclass is known."""
    for path in house.sources():
        relative = path.relative_to(house.HOUSE.parent)
        if "migrations" in relative.parts or path.name == "__main__.py":
            continue
        parts = relative.parent.parts if path.name == "__init__.py" else relative.with_suffix("").parts
        importlib.import_module(".".join(parts))


def subclasses(record: type[RECORD]) -> Iterator[type[RECORD]]:
    for inner in record.__subclasses__():
        if inner.__module__.startswith("loopline."):
            yield inner
        yield from subclasses(inner)


def by_folder(records: Iterable[type[RECORD]]) -> dict[str, list[type[RECORD]]]:
    """Records by the folder of the house they are of, both in order of name."""
    found: dict[str, list[type[RECORD]]] = {}
    for record in sorted(set(records), key=lambda one: (one.__module__, one.__name__)):
        found.setdefault(record.__module__.split(".")[1], []).append(record)
    return found


def refusals() -> str:
    lines = [
        "# Refusals",
        "",
        "The business saying no: a code an integrator may rely on, and a sentence with its data in braces.",
        "Written from the source by `tests/architecture/write_reference.py`; a test compares it.",
    ]
    for folder, records in by_folder(subclasses(Refusal)).items():
        lines += ["", f"## {folder}", "", "| code | says |", "|---|---|"]
        lines += sorted(f"| `{_code(record)}` | {_sentence(record)} |" for record in records)
    return "\n".join(lines) + "\n"


def events() -> str:
    lines = [
        "# Events",
        "",
        "What the log says happened: ids and amounts, no personal data. Every event also has its position, id,",
        "version, subject, moment and actor.",
        "Written from the source by `tests/architecture/write_reference.py`; a test compares it.",
    ]
    for folder, records in by_folder(subclasses(EventBody)).items():
        lines += ["", f"## {folder}", "", "| type | says | fields |", "|---|---|---|"]
        lines += sorted(
            f"| `{record.type_name()}` | {_sentence(record)} | {', '.join(record.__struct_fields__)} |"
            for record in records
        )
    return "\n".join(lines) + "\n"


def _code(record: type[Refusal]) -> str:
    """What `Refusal.code` says of an instance; test_the_codes_of_the_reference_are_those_of_refusals compares."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", record.__name__).lower()


def _sentence(record: type[msgspec.Struct]) -> str:
    return " ".join((record.__doc__ or "").split()).replace("|", r"\|")


def rights_table() -> str:
    roles = list(Role)
    heads = [_ROLE_HEADS[role] for role in roles]
    said = {
        Mark.MAY: "may",
        Mark.OWN_BRANCH: "of the own branch only: anything else is as if it were not there",
        Mark.WHOLE_BRAND: "only where the role is held over the whole brand",
        Mark.OWN_THINGS: "of one's own things only",
        Mark.REFUSED: "refused",
    }
    lines = [
        "# Rights",
        "",
        "Who may open which address, of the pages and of the API. A role is held at a branch and reaches what hangs",
        "below it; an API key may do what its permissions say, at its branch.",
        "Written from `tests/make/rights.txt` by `tests/architecture/write_reference.py`; a test compares it, and",
        "`tests/module/web/test_rights.py` tries every address in every role, in the own branch and in another.",
        "",
        *(f"- {mark} {words}" for mark, words in said.items()),
        "",
        f"| room | needs | addresses | {' | '.join(heads)} | shopper | nobody |",
        f"|---|---|---|{':-:|' * (len(heads) + 2)}",
    ]
    for right in rights():
        marks = [*(right.rule.of_role(role) for role in roles), right.rule.of_shopper, right.rule.of_nobody]
        who = right.rule.text.partition(": ")[0]
        lines.append(f"| {right.room} | {who} | {_addresses(right.addresses)} | {' | '.join(marks)} |")
    return "\n".join(lines) + "\n"


def _addresses(named: Sequence[str]) -> str:
    """Addresses by their method, so that a row is no longer than it must be."""
    paths: dict[str, list[str]] = {}
    for one in named:
        method, _, path = one.partition(" ")
        paths.setdefault(method, []).append(f"`{path}`")
    read_first = sorted(paths.items(), key=lambda one: one[0] != "GET")
    return "<br>".join(f"{method} {' '.join(found)}" for method, found in read_first)


_ROLE_HEADS = {
    Role.HQ_OPERATIONS: "operations",
    Role.FINANCE: "finance",
    Role.MARKETING: "marketing",
    Role.DEALER: "dealer",
    Role.STORE_MANAGER: "manager",
    Role.GUIDE: "guide",
    Role.PACKER: "packer",
    Role.STREAMER: "streamer",
    Role.CUSTOMER_SERVICE: "service",
    Role.AUDITOR: "auditor",
}

DOCUMENTS = {"refusals.md": refusals, "events.md": events, "rights.md": rights_table}


def main() -> None:
    import_everything()
    for name, written in DOCUMENTS.items():
        (FOLDER / name).write_text(written(), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Documents say what is true: links lead somewhere, code in them runs, names in them exist."""

import importlib
import importlib.util
import re
import textwrap
from functools import cache
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from loopline.cli.main import app
from loopline.kernel.events import EventBody
from loopline.kernel.scope import NotInYourBranch
from tests.architecture import house, write_reference

DOCUMENTS = sorted(
    [*house.ROOT.glob("*.md"), *(house.ROOT / "docs").rglob("*.md")], key=lambda path: path.as_posix()
)
RECORDS = sorted((house.ROOT / "docs" / "decisions").glob("[0-9]*.md"))

each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(house.ROOT))
)


@cache
def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def blocks(document: Path, language: str) -> list[str]:
    """The code blocks of a language; one inside a list is indented with it."""
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```", text_of(document), re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for block in found]


def prose_of(document: Path) -> str:
    """The document without its code blocks."""
    return re.sub(r"^ *```.*?^ *```", "", text_of(document), flags=re.MULTILINE | re.DOTALL)


def inline(document: Path) -> list[str]:
    """What stands between single backticks, outside of code blocks."""
    return re.findall(r"`([^`\n]+)`", prose_of(document))


# ------------------------------------------------------------------------------------------------------------- links

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@each_document
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    broken = [link for link in LINK.findall(text_of(document)) if not _leads_somewhere(document, link)]
    assert broken == []


def _leads_somewhere(document: Path, link: str) -> bool:
    if link.startswith("https://"):
        return True
    name, _, anchor = link.partition("#")
    target = (document.parent / name).resolve() if name else document
    if not target.is_file():
        return False
    return not anchor or anchor in {_anchor(heading) for heading in headings(target)}


def headings(document: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", prose_of(document), re.MULTILINE)


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def test_every_document_is_linked_from_another() -> None:
    linked = {
        (document.parent / link.partition("#")[0]).resolve()
        for document in DOCUMENTS
        for link in LINK.findall(text_of(document))
        if not link.startswith("https://")
    }
    assert [house.place(path) for path in DOCUMENTS if path.resolve() not in linked] == []


def test_both_readmes_have_the_same_shape() -> None:
    shapes = [_shape(house.ROOT / name) for name in ("README.md", "README.zh-CN.md")]
    assert shapes[0] == shapes[1]


def _shape(document: Path) -> tuple[int, int, list[str], list[str]]:
    links = sorted(link for link in LINK.findall(text_of(document)) if not link.startswith("README"))
    commands = [line.split("#")[0].strip() for block in blocks(document, "sh") for line in block.splitlines()]
    return len(headings(document)), text_of(document).count("\n|"), links, commands


# ---------------------------------------------------------------------------------------------------- decision records

SECTIONS = ("Context", "Decision", "Consequences", "Alternatives", "Figures")


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_decision_record_is_whole(record: Path) -> None:
    assert text_of(record).startswith(f"# {record.name[:4]} ")
    assert [heading for heading in headings(record) if heading in SECTIONS] == list(SECTIONS)
    # A figure nobody took is no figure.
    assert "FIGURES" not in text_of(record)
    assert "TODO" not in text_of(record)


def test_decision_records_are_numbered_without_gaps_and_listed() -> None:
    numbers = [int(record.name[:4]) for record in RECORDS]
    assert numbers == list(range(1, len(numbers) + 1))
    index = text_of(house.ROOT / "docs" / "decisions" / "README.md")
    assert LINK.findall(index) == [record.name for record in RECORDS]


# --------------------------------------------------------------------------------------------------- names that exist

TOP_LEVEL = {path.name for path in house.ROOT.iterdir()}
MADE_LATER = {".venv", "node_modules", ".loopline"}


@each_document
def test_every_path_in_a_document_exists(document: Path) -> None:
    wrong = [name for name in inline(document) if _looks_like_path(name) and not _exists(document, name)]
    assert wrong == []


def _looks_like_path(name: str) -> bool:
    first = name.split("/", maxsplit=1)[0]
    return "/" in name and re.fullmatch(r"[\w./-]+", name) is not None and first in TOP_LEVEL - MADE_LATER


def _exists(document: Path, name: str) -> bool:
    return (house.ROOT / name).exists() or (document.parent / name).exists()


@each_document
def test_every_module_named_in_a_document_exists(document: Path) -> None:
    wrong = [
        name for name in re.findall(r"`(loopline(?:\.\w+)+)", text_of(document)) if not _can_be_found(name)
    ]
    assert wrong == []


def _can_be_found(name: str) -> bool:
    """A module, or an attribute of one."""
    parent, _, last = name.rpartition(".")
    if importlib.util.find_spec(parent) is None:
        return False
    if hasattr(importlib.import_module(parent), last):
        return True
    return importlib.util.find_spec(name) is not None


@each_document
def test_every_table_named_in_a_document_exists(document: Path) -> None:
    migrations = sorted((house.HOUSE / "db" / "migrations" / "versions").glob("*.sql"))
    made = re.compile(r"^create (?:table|view) (\w+\.\w+)", re.MULTILINE)
    there = {name for path in migrations for name in made.findall(path.read_text(encoding="utf-8"))}
    schemas = {name.split(".")[0] for name in there}
    wrong = [
        name
        for name in inline(document)
        if re.fullmatch(r"[a-z]+\.[a-z_]+", name) and name.split(".")[0] in schemas
        if name not in there and not _can_be_found(f"loopline.{name}")
    ]
    assert wrong == []


def test_the_traced_order_names_events_that_are_told() -> None:
    write_reference.import_everything()
    told = {body.type_name() for body in write_reference.subclasses(EventBody)}
    table = text_of(house.ROOT / "ARCHITECTURE.md").partition("## One order, traced")[2].partition("\n## ")[0]
    named: list[str] = re.findall(r"\| `([a-z_]+)` \|$", table, re.MULTILINE)
    assert named
    assert [name for name in named if name not in told] == []


MAKE = re.compile(r"\bmake ([a-z][a-z-]*)\b")


@each_document
def test_every_make_target_in_a_document_exists(document: Path) -> None:
    makefile = (house.ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    code = [*inline(document), *blocks(document, "sh")]
    named = {target for piece in code for target in MAKE.findall(piece)}
    assert named - targets == set()


def test_make_help_names_every_target_a_person_calls() -> None:
    makefile = (house.ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.findall(r"^\.PHONY: ([a-z-]+)$", makefile, re.MULTILINE))
    helped = set(re.findall(r"@echo \"make ([a-z-]+)", makefile))
    assert phony - helped == {"help", "chromium", "check-code", "check-lock"}
    assert helped - phony == set()


# ----------------------------------------------------------------------------------------------------------- commands


@cache
def commands() -> dict[str, TyperCommand | TyperGroup]:
    """Every command by its words: `replay online-retail` → the command. Some groups are commands themselves."""
    found: dict[str, TyperCommand | TyperGroup] = {}

    def walk(command: object, words: tuple[str, ...]) -> None:
        if isinstance(command, TyperGroup):
            context = typer.Context(command)
            if command.invoke_without_command and words:
                found[" ".join(words)] = command
            for name in command.list_commands(context):
                walk(command.get_command(context, name), (*words, name))
        elif isinstance(command, TyperCommand):
            found[" ".join(words)] = command

    walk(typer.main.get_command(app), ())
    return found


LOOPLINE = re.compile(
    r"(?:^|\s|/)loopline ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)*)((?: --?[a-z-]+(?:[ =]\S+)?)*)", re.MULTILINE
)


@each_document
def test_every_loopline_command_in_a_document_exists(document: Path) -> None:
    code = [*inline(document), *(re.sub(r"#.*", "", block) for block in blocks(document, "sh"))]
    wrong = [
        f"loopline {words}{options}"
        for piece in code
        for words, options in LOOPLINE.findall(piece)
        if not _is_command(words, options)
    ]
    assert wrong == []


def _is_command(words: str, options: str) -> bool:
    """Whether some leading part of `words` is a command that has all of `options`; the rest are arguments."""
    parts = words.split(" ")
    for length in range(len(parts), 0, -1):
        command = commands().get(" ".join(parts[:length]))
        if command is not None:
            known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
            return set(re.findall(r"--[a-z-]+", options)) <= known
    return False


def test_the_reference_lists_every_command_and_option() -> None:
    reference = text_of(house.ROOT / "docs" / "reference" / "commands.md")
    assert [name for name in commands() if f"`loopline {name}" not in reference] == []
    options = {
        option
        for command in commands().values()
        for parameter in command.params
        if isinstance(parameter, TyperOption)
        for option in parameter.opts
        if option.startswith("--") and option != "--help"
    }
    assert [option for option in sorted(options) if option not in reference] == []


# ----------------------------------------------------------------------------------------------------------- settings

SETTING = re.compile(r"\bLOOPLINE_[A-Z_]+\b")


def test_settings_in_documents_are_those_in_the_source() -> None:
    in_source = {
        name for path in house.sources() for name in SETTING.findall(path.read_text(encoding="utf-8"))
    }
    in_tests = {
        name
        for path in (house.ROOT / "tests").rglob("*.py")
        if path != Path(__file__)
        for name in SETTING.findall(path.read_text(encoding="utf-8"))
    }
    in_documents = {name for document in DOCUMENTS for name in SETTING.findall(text_of(document))}
    assert in_documents - in_source - in_tests == set()
    reference = set(SETTING.findall(text_of(house.ROOT / "docs" / "reference" / "settings.md")))
    assert in_source - reference == set()


# --------------------------------------------------------------------------------------------------------- code blocks

PYTHON_BLOCKS = [
    pytest.param(block, id=f"{document.relative_to(house.ROOT)}-{number}")
    for document in DOCUMENTS
    for number, block in enumerate(blocks(document, "python"), start=1)
]


@pytest.mark.parametrize("block", PYTHON_BLOCKS)
def test_python_in_documents_runs(block: str) -> None:
    exec(compile(block, "<document>", "exec"), {"__name__": "document"})  # noqa: S102 - our own documents


def test_there_is_python_in_documents_to_run() -> None:
    assert PYTHON_BLOCKS


# ----------------------------------------------------------------------------------------- references from the source


@pytest.mark.parametrize("name", write_reference.DOCUMENTS)
def test_a_reference_is_what_the_source_says(name: str) -> None:
    """After a change that is meant: `python -m tests.architecture.write_reference`."""
    write_reference.import_everything()
    assert text_of(write_reference.FOLDER / name) == write_reference.DOCUMENTS[name]()


def test_the_codes_of_the_reference_are_those_of_refusals() -> None:
    assert NotInYourBranch(subject="an order").code == "not_in_your_branch"
    assert "| `not_in_your_branch` |" in write_reference.refusals()

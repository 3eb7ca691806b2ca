"""What may lie in the repository: nothing of one machine, nothing big, nothing secret."""

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.architecture import house

MEBIBYTE = 1024 * 1024
SELF = Path(__file__)


@cache
def committed() -> tuple[Path, ...]:
    """The files git knows or would add; without git, as in an unpacked archive, the test skips."""
    run = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=house.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        pytest.skip("not a git clone")
    paths = (house.ROOT / name for name in run.stdout.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def lines_matching(pattern: str, *, but: frozenset[Path] = frozenset()) -> list[str]:
    expression = re.compile(pattern)
    return [
        f"{path.relative_to(house.ROOT)}:{number}: {line.strip()[:100]}"
        for path in committed()
        if path not in but
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if expression.search(line)
    ]


def test_no_file_names_the_host_of_a_registry() -> None:
    hosts = (
        r"files\.pythonhosted\.org|pypi\.org|pypi\.tuna|registry\.npmjs\.org|registry\.npmmirror|npmmirror\.com"
        r"|--index-url|--extra-index-url|--find-links"
    )
    assert lines_matching(hosts, but=frozenset({SELF})) == []


def test_a_lock_names_no_host_at_all() -> None:
    locks = [
        path for path in committed() if path.parent.name == "requirements" or path.name.endswith("-lock.json")
    ]
    assert len(locks) >= 2
    found = [
        f"{path.relative_to(house.ROOT)}: {match}"
        for path in locks
        for match in re.findall(r"\w+://[^\s\"]+", text_of(path))
        if "funding" not in match and not re.search(r"github\.com/sponsors|opencollective", match)
    ]
    assert found == []


def test_no_file_names_a_place_on_one_machine() -> None:
    places = r"(?<![\w.$}])/(?:root|work|Users|home/\w+|opt/pypi|opt/wheels)/\w"
    assert lines_matching(places, but=frozenset({SELF})) == []


def test_no_file_is_big() -> None:
    big = {str(path.relative_to(house.ROOT)): path.stat().st_size for path in committed()}
    assert {name: size for name, size in big.items() if size > MEBIBYTE // 2} == {}


def test_every_file_is_text_or_a_small_picture() -> None:
    pictures = {".png", ".ico", ".woff2", ".xlsx"}
    binary = [
        str(path.relative_to(house.ROOT))
        for path in committed()
        if b"\0" in path.read_bytes() and path.suffix not in pictures
    ]
    assert binary == []


def test_text_ends_with_a_line_end_and_has_no_carriage_returns() -> None:
    wrong = [
        str(path.relative_to(house.ROOT))
        for path in committed()
        if path.suffix in {".py", ".sql", ".md", ".toml", ".html", ".js", ".css", ".svg", ".txt", ".in"}
        and (data := path.read_bytes())
        and (not data.endswith(b"\n") or b"\r" in data)
    ]
    assert wrong == []


def test_no_secret_and_no_conflict_is_committed() -> None:
    assert (
        lines_matching(r"BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY|^<{7} |^>{7} ", but=frozenset({SELF})) == []
    )


def test_third_party_code_stays_out() -> None:
    foreign = [
        str(path.relative_to(house.ROOT))
        for path in committed()
        if "node_modules" in path.parts
        or "vendor" in path.parts
        or path.name.endswith((".min.js", ".min.css"))
    ]
    assert foreign == []


def test_the_licence_is_apache_2() -> None:
    text = text_of(house.ROOT / "LICENSE")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


# ------------------------------------------------------------------------------------------------------------- locks

NAME = re.compile(r"^[A-Za-z0-9._-]+")


def named_requirements(*, groups: tuple[str, ...]) -> set[str]:
    project = tomllib.loads(text_of(house.ROOT / "pyproject.toml"))
    lines = [*project["project"]["dependencies"]]
    for group in groups:
        lines += project["dependency-groups"][group]
    return {canonical(line) for line in lines}


def canonical(requirement: str) -> str:
    match = NAME.match(requirement)
    assert match is not None, requirement
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def locked(lock: str) -> dict[str, str]:
    """Name → the lines that lock it. A name locked twice for two Pythons keeps both."""
    found: dict[str, str] = {}
    name = ""
    for line in text_of(house.ROOT / "requirements" / lock).splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            name = canonical(line)
        if name:
            found[name] = found.get(name, "") + line + "\n"
    return found


@pytest.mark.parametrize(("lock", "groups"), [("run.txt", ("setup",)), ("dev.txt", ("setup", "dev"))])
def test_every_requirement_is_locked_with_hashes(lock: str, groups: tuple[str, ...]) -> None:
    entries = locked(lock)
    assert named_requirements(groups=groups) - entries.keys() == set()
    assert [name for name, lines in entries.items() if "--hash=sha256:" not in lines] == []
    assert [name for name, lines in entries.items() if "==" not in lines.splitlines()[0]] == []


def test_both_locks_agree() -> None:
    run, dev = locked("run.txt"), locked("dev.txt")
    differing = [name for name, lines in run.items() if hashes(lines) != hashes(dev[name])]
    assert differing == []


def hashes(lines: str) -> list[str]:
    return re.findall(r"sha256:\w+", lines)

"""Which paths a browser may lead us to."""

import pytest

from loopline.web.paths import HOME, safe_path


@pytest.mark.parametrize("path", ["/hq/board", "/hq/board?currency=GBP", "/sign-in?next=%2Fhq"])
def test_our_own_paths_are_followed(path: str):
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        None,
        "https://evil.example",
        "//evil.example/x",
        "/\\evil.example",
        "hq/board",
        "javascript:x",
        "/a\nb",
        "/a\tb",
    ],
)
def test_anything_else_leads_home(path: str | None):
    assert safe_path(path) == HOME

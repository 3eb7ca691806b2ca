"""Fonts that write Chinese: without one a label would show boxes where a name should be."""

from functools import cache

from PIL import ImageFont

from loopline.kernel.refusals import Refusal, Refused

# By the names of their files, as systems and people install them; looked for where each system keeps its fonts.
_FILES = (
    "NotoSansCJK-Bold.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "NotoSansSC-VF.ttf",
    "SourceHanSansSC-Regular.otf",
    "wqy-zenhei.ttc",
    "wqy-microhei.ttc",
    "DroidSansFallback.ttf",
    "DroidSansFallbackFull.ttf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "STHeiti Medium.ttc",
    "msyh.ttc",
    "simhei.ttf",
    "simsun.ttc",
)


class NoFontForLabels(Refusal, frozen=True, kw_only=True):
    """The server has no font that writes Chinese, so the label was not printed: install one, such as Noto Sans CJK."""


@cache
def chinese_file() -> str | None:
    """Return the font that is there, by the name of its file; None where there is none."""
    for name in _FILES:
        try:
            ImageFont.truetype(name, 12)
        except OSError:
            continue
        return name
    return None


def want_chinese() -> None:
    """Raise Refused where nothing here writes Chinese: before a label is counted as printed, and its address opened."""
    if chinese_file() is None:
        raise Refused(NoFontForLabels())


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return a font that writes Chinese, `size` dots high. Raises Refused where the machine has none."""
    want_chinese()
    name = chinese_file()
    assert name is not None
    return ImageFont.truetype(name, size)


def is_latin(text: str) -> bool:
    """Tell whether every font and every label printer writes a text."""
    return text.isascii()

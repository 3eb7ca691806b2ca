"""What a camera sees: the bars of a code, as a video that Chromium takes for its camera."""

from collections.abc import Sequence
from pathlib import Path

import segno

_LEFT = (
    "0001101",
    "0011001",
    "0010011",
    "0111101",
    "0100011",
    "0110001",
    "0101111",
    "0111011",
    "0110111",
    "0001011",
)
_PARITIES = (
    "LLLLLL",
    "LLGLGG",
    "LLGGLG",
    "LLGGGL",
    "LGLLGG",
    "LGGLLG",
    "LGGGLL",
    "LGLGLG",
    "LGLGGL",
    "LGGLGL",
)
_FLIPPED = str.maketrans("01", "10")
_WIDTH, _HEIGHT, _BAR, _DOT = 640, 480, 4, 12
_WHITE, _BLACK = 235, 16


def ean13_modules(gtin: str) -> str:
    """Write thirteen digits as modules, 1 for a dark one (ISO/IEC 15420)."""
    first, *digits = (int(digit) for digit in gtin)
    left = "".join(
        _LEFT[digit] if parity == "L" else _LEFT[digit].translate(_FLIPPED)[::-1]
        for digit, parity in zip(digits[:6], _PARITIES[first], strict=True)
    )
    right = "".join(_LEFT[digit].translate(_FLIPPED) for digit in digits[6:])
    return f"101{left}01010{right}101"


def write_video(path: Path, gtin: str) -> None:
    """Write a second of somebody who holds the bars of a code before a camera."""
    bars = b"".join(_shade(one == "1") * _BAR for one in ean13_modules(gtin))
    _write(path, [bars] * 240)


def write_qr_video(path: Path, text: str) -> None:
    """Write a second of somebody who holds a QR code before a camera, drawn as the shop draws it."""
    drawn = segno.make(text, error="m", micro=False).matrix_iter(scale=_DOT, border=4)
    _write(path, [b"".join(_shade(bool(one)) for one in row) for row in drawn])


def _shade(is_dark: bool) -> bytes:
    return bytes([_BLACK if is_dark else _WHITE])


def _write(path: Path, rows: Sequence[bytes]) -> None:
    """Write a video (YUV4MPEG2, 4:2:0) of what these rows of points show, in its middle."""
    shown = [row.center(_WIDTH, _shade(False)) for row in rows]
    above = (_HEIGHT - len(shown)) // 2
    blank = _shade(False) * _WIDTH
    luma = blank * above + b"".join(shown) + blank * (_HEIGHT - above - len(shown))
    chroma = bytes([128]) * (_WIDTH * _HEIGHT // 2)
    frame = b"FRAME\n" + luma + chroma
    path.write_bytes(f"YUV4MPEG2 W{_WIDTH} H{_HEIGHT} F10:1 Ip A1:1 C420\n".encode() + frame * 10)

"""What a camera sees: the bars of a code, as a video that Chromium takes for its camera."""

from pathlib import Path

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
_WIDTH, _HEIGHT, _BAR = 640, 480, 4
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
    """Write a second of somebody who holds a code before a camera (YUV4MPEG2, 4:2:0)."""
    modules = ean13_modules(gtin)
    margin = (_WIDTH - len(modules) * _BAR) // 2
    bars = b"".join(bytes([_BLACK if one == "1" else _WHITE]) * _BAR for one in modules)
    row = (bytes([_WHITE]) * margin + bars).ljust(_WIDTH, bytes([_WHITE]))
    blank = bytes([_WHITE]) * _WIDTH
    luma = blank * 120 + row * 240 + blank * (_HEIGHT - 360)
    chroma = bytes([128]) * (_WIDTH * _HEIGHT // 2)
    frame = b"FRAME\n" + luma + chroma
    path.write_bytes(f"YUV4MPEG2 W{_WIDTH} H{_HEIGHT} F10:1 Ip A1:1 C420\n".encode() + frame * 10)

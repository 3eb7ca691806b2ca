"""Labels in ZPL II, for printers of 203 dots per inch and 100 × 150 mm.

Bars and QR codes are the printer's own; Latin text is too, in its scalable font. What else is written is sent as a
picture, since few printers carry a Chinese font.
"""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from loopline.web.labels.code128 import modules
from loopline.web.labels.content import LabelText
from loopline.web.labels.fonts import font, is_latin

_WIDTH, _HEIGHT = 800, 1200
_EDGE = 40
_INNER = _WIDTH - 2 * _EDGE
_BARS_HIGH = 150
_BAR_MODULES_MAX = 4
_QR_DOTS = 8
_QR_PLACE = 560
_LATIN_HIGHER = 0.6  # how wide a character of the printer's font is against its height, at most
_SMALLER = (100, 80, 64, 50)
"""In how many hundredths of its size a text that is too long is tried."""


def labels_zpl(labels: Sequence[LabelText]) -> str:
    """Write labels, one format each. Raises Refused where no font writes what has to be drawn."""
    return "".join(_label(one) for one in labels)


def _label(text: LabelText) -> str:
    pieces = ["^XA", "^CI28", f"^PW{_WIDTH}", f"^LL{_HEIGHT}", "^LH0,0"]
    module = max(1, min(_BAR_MODULES_MAX, _INNER // modules(text.barcode)))
    left = (_WIDTH - module * modules(text.barcode)) // 2
    pieces += [
        f"^FO{left},40^BY{module}^BCN,{_BARS_HIGH},N,N,N,A{_data(text.barcode)}",
        _line(text.barcode, y=205, size=36),
        f"^FO{_EDGE},255^GB{_INNER},4,4^FS",
    ]
    y = 280
    if text.marks:
        pieces.append(_block(" / ".join(text.marks), y=y, size=56, lines=1)[0])
        y += 80
    for words, size, lines in (
        (text.name, 60, 2),
        (text.phone, 48, 1),
        (text.address, 44, 5),
        (text.note, 40, 3),
    ):
        if words:
            drawn, high = _block(words, y=y, size=size, lines=lines)
            pieces.append(drawn)
            y += high
    foot = 920
    pieces += [
        f"^FO{_EDGE},{foot}^GB{_INNER},4,4^FS",
        f"^FO{_QR_PLACE},{foot + 20}^BQN,2,{_QR_DOTS}{_data('MA,' + text.barcode)}",
    ]
    y = foot + 24
    for words, size in ((text.order_number, 48), (text.number, 32), (text.contents, 32), (text.sender, 32)):
        drawn, high = _block(words, y=y, size=size, lines=2, width=_QR_PLACE - _EDGE - 20)
        pieces.append(drawn)
        y += high
    return "\n".join([*pieces, "^XZ", ""])


def _line(text: str, *, y: int, size: int) -> str:
    """Write Latin text in the middle of a line."""
    return f"^FO0,{y}^A0N,{size},{size}^FB{_WIDTH},1,0,C{_data(text)}"


def _block(text: str, *, y: int, size: int, lines: int, width: int = _INNER) -> tuple[str, int]:
    """Write text over at most so many lines; returns it with how high it is.

    What would not fit is written smaller, in as many more lines as have room. What does not fit at the smallest is cut.
    """
    high = lines * size
    written, most = size, lines
    for part in _SMALLER:
        written = size * part // 100
        most = max(lines, high // written)
        if _lines_needed(text, size=written, width=width) <= most:
            break
    if is_latin(text):
        needed = min(most, _lines_needed(text, size=written, width=width))
        drawn = f"^FO{_EDGE},{y}^A0N,{written},{written}^FB{width},{most},4,L{_data(text)}"
        return drawn, needed * (written + 8)
    rows = _wrapped(text, size=written, width=width)[:most]
    step = written + written // 4
    return f"^FO{_EDGE},{y}{_picture(rows, step=step, size=written, width=width)}^FS", len(rows) * step + 8


def _wrapped(text: str, *, size: int, width: int) -> list[str]:
    """Break text where it is full: between any two characters, as Chinese is."""
    rows = [""]
    for character in " ".join(text.split()):
        if rows[-1] and font(size).getlength(rows[-1] + character) > width:
            rows.append("")
        rows[-1] += character
    return [row.strip() for row in rows]


def _lines_needed(text: str, *, size: int, width: int) -> int:
    if is_latin(text):
        return max(1, -(-int(len(text) * size * _LATIN_HIGHER) // width))
    return len(_wrapped(text, size=size, width=width))


def _picture(rows: Sequence[str], *, step: int, size: int, width: int) -> str:
    """Draw rows of text as a graphic field: a bit per dot, a set one is black."""
    picture = Image.new("1", (width, step * len(rows)), 0)
    pen = ImageDraw.Draw(picture)
    for place, row in enumerate(rows):
        pen.text((0, place * step), row, fill=1, font=font(size))
    row_bytes = (width + 7) // 8
    drawn = picture.tobytes()
    return f"^GFA,{len(drawn)},{len(drawn)},{row_bytes},{_shortened(drawn.hex().upper(), 2 * row_bytes)}"


def _shortened(drawn: str, row_digits: int) -> str:
    """Shorten a picture as printers read it: a comma ends a row that is white from there on, a colon repeats a row."""
    rows = [drawn[place : place + row_digits] for place in range(0, len(drawn), row_digits)]
    short = [row.rstrip("0") + "," if row.endswith("0") else row for row in rows]
    return "".join(
        ":" if place and rows[place - 1] == row else short[place] for place, row in enumerate(rows)
    )


def _data(text: str) -> str:
    """Write field data in which nothing is a command: what could be one goes as its code."""
    spelt = "".join(
        character
        if character.isalnum() or character in " .,-:/()+#&'"
        else "".join(f"_{byte:02X}" for byte in character.encode())
        for character in text
    )
    return f"^FH_^FD{spelt}^FS"

"""Code 128 (ISO/IEC 15417) drawn as SVG: the bars of carriers' and our own parcel numbers."""

# The widths of six bars and spaces per symbol, in modules; the last is the stop, of seven.
_WIDTHS = [
    "212222",
    "222122",
    "222221",
    "121223",
    "121322",
    "131222",
    "122213",
    "122312",
    "132212",
    "221213",
    "221312",
    "231212",
    "112232",
    "122132",
    "122231",
    "113222",
    "123122",
    "123221",
    "223211",
    "221132",
    "221231",
    "213212",
    "223112",
    "312131",
    "311222",
    "321122",
    "321221",
    "312212",
    "322112",
    "322211",
    "212123",
    "212321",
    "232121",
    "111323",
    "131123",
    "131321",
    "112313",
    "132113",
    "132311",
    "211313",
    "231113",
    "231311",
    "112133",
    "112331",
    "132131",
    "113123",
    "113321",
    "133121",
    "313121",
    "211331",
    "231131",
    "213113",
    "213311",
    "213131",
    "311123",
    "311321",
    "331121",
    "312113",
    "312311",
    "332111",
    "314111",
    "221411",
    "431111",
    "111224",
    "111422",
    "121124",
    "121421",
    "141122",
    "141221",
    "112214",
    "112412",
    "122114",
    "122411",
    "142112",
    "142211",
    "241211",
    "221114",
    "413111",
    "241112",
    "134111",
    "111242",
    "121142",
    "121241",
    "114212",
    "124112",
    "124211",
    "411212",
    "421112",
    "421211",
    "212141",
    "214121",
    "412121",
    "111143",
    "111341",
    "131141",
    "114113",
    "114311",
    "411113",
    "411311",
    "113141",
    "114131",
    "311141",
    "411131",
    "211412",
    "211214",
    "211232",
    "2331112",
]
_START_B, _START_C, _TO_C, _TO_B, _STOP = 104, 105, 99, 100, 106
_FIRST, _LAST = " ", "~"
_CHECK = 103
_PAIRS_WORTH_IT = 4  # so many digits in a row are shorter as pairs, the two changes of set included
QUIET_MODULES = 10


def symbols(text: str) -> list[int]:
    """Return the symbols of a text of printable ASCII, from the start to the stop: runs of digits go in pairs.

    Raises ValueError for any other text, and for none.
    """
    if not text or not all(_FIRST <= one <= _LAST for one in text):
        raise ValueError("Code 128 writes printable ASCII here")
    found: list[int] = []
    in_pairs = _digits_at(text, 0) >= _PAIRS_WORTH_IT
    found.append(_START_C if in_pairs else _START_B)
    place = 0
    while place < len(text):
        digits = _digits_at(text, place)
        if in_pairs and digits < 2:
            in_pairs = False
            found.append(_TO_B)
        elif not in_pairs and digits >= _PAIRS_WORTH_IT and digits % 2 == 0:
            in_pairs = True
            found.append(_TO_C)
        if in_pairs:
            found.append(int(text[place : place + 2]))
            place += 2
        else:
            found.append(ord(text[place]) - ord(_FIRST))
            place += 1
    check = (found[0] + sum(place * one for place, one in enumerate(found[1:], start=1))) % _CHECK
    return [*found, check, _STOP]


def _digits_at(text: str, place: int) -> int:
    """Count the digits in a row from a place on."""
    count = 0
    while place + count < len(text) and "0" <= text[place + count] <= "9":
        count += 1
    return count


def modules(text: str) -> int:
    """Return how wide the bars of a text are, in modules, without the quiet zones."""
    return sum(int(width) for symbol in symbols(text) for width in _WIDTHS[symbol])


def code128_svg(text: str) -> str:
    """Draw a text with its quiet zones, one unit per module and as high as it is drawn."""
    bars: list[str] = []
    x = QUIET_MODULES
    for symbol in symbols(text):
        for place, width in enumerate(_WIDTHS[symbol]):
            if place % 2 == 0:
                bars.append(f"M{x} 0h{width}v1h-{width}z")
            x += int(width)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {x + QUIET_MODULES} 1" preserveAspectRatio="none"'
        f' shape-rendering="crispEdges"><path d="{"".join(bars)}" fill="#000"/></svg>'
    )

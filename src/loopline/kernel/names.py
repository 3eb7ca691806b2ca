"""Names in two languages: `云锦真丝衬衫 Silk shirt` is Chinese, a space, the rest in Latin letters."""

import re

HAN = r"\u3400-\u9fff\uf900-\ufaff"
_BILINGUAL = re.compile(rf"^(?P<zh>[^A-Za-z]*[{HAN}][^A-Za-z]*?)[ /]+(?P<en>[A-Za-z][^{HAN}]*)$")


def half_of(name: str, language: str) -> str | None:
    """Return the half of a bilingual name for a language (`zh`, else the other); None where it is no such name."""
    found = _BILINGUAL.match(name.strip())
    return found["zh" if language == "zh" else "en"].strip() if found is not None else None

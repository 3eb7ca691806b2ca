"""What a bank's memo says: who, for what, by which means, under which reference. Pure."""

import re

import msgspec

PURPOSES = ("payment", "money", "donation")
MEANS = ("WRE", "BGC", "CHQ", "CSH")
_KNOWN = (*PURPOSES, *MEANS)
_REFERENCE = re.compile(r"(?=[a-f]*[0-9])[0-9a-f]{6,8}")
_WHOLE_REFERENCE = 8
_CUT_AT_LEAST = 2


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """`party` is what is left when all else is taken out; '' where nothing is. `reference` may be cut off."""

    party: str
    reference: str | None = None
    purpose: str | None = None
    means: str | None = None

    @property
    def key(self) -> str | None:
        """The reference, where it stands there whole."""
        return self.reference if self.reference and len(self.reference) == _WHOLE_REFERENCE else None


def read_wording(memo: str) -> Wording:
    """Banks cut memos off, so the last word may be the beginning of one that is known; it then says nothing."""
    words = memo.split()
    party: list[str] = []
    reference = purpose = means = None
    for position, word in enumerate(words):
        if word in PURPOSES:
            purpose = purpose or word
        elif word in MEANS:
            means = means or word
        elif position and _REFERENCE.fullmatch(word):
            reference = reference or word
        elif not (position and position == len(words) - 1 and _is_cut(word)):
            party.append(word)
    return Wording(party=" ".join(party), reference=reference, purpose=purpose, means=means)


def _is_cut(word: str) -> bool:
    """Whether the word began as a known word or a reference. One capital alone may be an initial, and is kept."""
    if word.islower() and len(word) == 1:
        return True
    if len(word) >= _CUT_AT_LEAST and any(known.startswith(word) for known in _KNOWN):
        return True
    return bool(re.fullmatch(r"[0-9a-f]*[0-9][0-9a-f]*", word))

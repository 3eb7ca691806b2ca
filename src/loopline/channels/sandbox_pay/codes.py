"""What the codes on customers' phones do in the sandbox: as a wallet's would, by their last digit."""

import re
from collections.abc import Mapping
from enum import StrEnum

_WECHAT = re.compile(r"1[0-5][0-9]{16}")
_ALIPAY = re.compile(r"(2[5-9]|30)[0-9]{14,22}")


class CodeManner(StrEnum):
    """A code pays at once, has its customer confirm first, has too little behind it, or is none that counts."""

    PAYS = "pays"
    CONFIRMS = "confirms"
    TOO_LITTLE = "too_little"
    UNKNOWN = "unknown"


CODE_REASONS: Mapping[CodeManner, str] = {
    CodeManner.TOO_LITTLE: "too little on the account",
    CodeManner.UNKNOWN: "the code is unknown, was used, or has run out",
}


def code_manner(code: str) -> CodeManner:
    """Return what a code that was not used before does: one that ends in 0 confirms, one in 9 has too little."""
    if not (_WECHAT.fullmatch(code) or _ALIPAY.fullmatch(code)):
        return CodeManner.UNKNOWN
    return {"0": CodeManner.CONFIRMS, "9": CodeManner.TOO_LITTLE}.get(code[-1], CodeManner.PAYS)

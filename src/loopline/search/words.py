"""The words of a text written without spaces, by jieba's dictionary.

jieba as it comes would read and write a marshalled dictionary in the folder that everybody may write to, talk on the
error stream, and compile with warnings: here its dictionary is read from its own package, once per process and only
when first needed (half a second), and it says nothing.
"""

import importlib
import logging
import threading
import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

_loading = threading.Lock()


def cut_words(text: str) -> list[str]:
    """Return the words of a text in order; what the dictionary does not have comes as single characters."""
    words: Iterable[str] = _tokenizer().cut(text, HMM=False)
    return [word for word in words if word.strip()]


def _tokenizer() -> Any:
    with _loading:  # of threads that come at once, one reads the dictionary
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> Any:
    # Imported when first used: it costs a third of a second that most processes never need.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jieba = importlib.import_module("jieba")
    jieba.setLogLevel(logging.CRITICAL)
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer

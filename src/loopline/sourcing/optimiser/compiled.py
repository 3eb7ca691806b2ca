"""Inner loops are compiled by numba: this is the one door to it.

Compiled code is kept beside its source (or in numba's own folder where that cannot be written), so that only the first
run on a machine waits for the compiler. It holds no lock, so that threads share the work. What compiled functions call
stands in the file of its caller: numba looks at that file alone to see whether what it kept is still true.
"""

import concurrent.futures
import os
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, cast

import numba

Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")
Item = TypeVar("Item")


def compiled(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    """Compile a function of arrays, numbers and named tuples of these."""
    compile_it = cast(Any, numba).njit(cache=True, nogil=True, error_model="numpy")
    return cast("Callable[Parameters, Returned]", compile_it(function))


def inlined(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    """Compile a function into its callers: passing a named tuple of arrays costs more than the little it does."""
    compile_it = cast(Any, numba).njit(forceinline=True, error_model="numpy")
    return cast("Callable[Parameters, Returned]", compile_it(function))


def usual_threads() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


def in_threads(work: Callable[[Item], Returned], items: Sequence[Item], threads: int) -> list[Returned]:
    """Do compiled work on every item, in order; how many threads there are changes nothing but the time."""
    if threads <= 1 or len(items) <= 1:
        return [work(item) for item in items]
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))

"""How every function of this engine is compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba.extending import overload

# A multiplication and an addition may be fused, nothing reordered: the bits stay the same from run to run.
# Without reference counts (`_nrt`) a view costs nothing; nothing can be allocated either.
OPTIONS = {"fastmath": {"contract"}, "error_model": "numpy", "_nrt": False}


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function, without Python, when the first function that calls it is."""
    return numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)(function)


def by_type(function: Callable[..., Any]) -> Any:
    """Let the decorated function choose the code of `function` by the types of its arguments."""
    return overload(function, jit_options=OPTIONS)

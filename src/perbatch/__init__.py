"""When is back-propagation applied, and what does that choice cost? A platform of experiments that answer.

`load`, `run` and `Results` are the library's front door (see `perbatch.api`). They are imported when first
asked for: `import perbatch` itself imports nothing.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perbatch.api import Results as Results
    from perbatch.api import load as load
    from perbatch.api import run as run

try:
    __version__ = version("perbatch")
except PackageNotFoundError:  # the source alone, as in a copy that is not installed
    __version__ = "unknown"

__all__ = ["Results", "load", "run"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("perbatch.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

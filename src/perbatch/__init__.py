"""When is back-propagation applied, and what does that choice cost? A platform of experiments that answer."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("perbatch")
except PackageNotFoundError:  # the source alone, as in a copy that is not installed
    __version__ = "unknown"

"""For scripts whose folder Python leaves out of its path (PYTHONSAFEPATH, -P): finds the one beside them.

A script of pipelines/ imports `checkout` first, and there finds this one, that of the installed checkout. The
script may stand in another.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(sys.modules["__main__"].__file__ or "").resolve().parent))
del sys.modules[__name__]  # what Python returns is the module that then goes by the name

import checkout  # noqa: E402, F401 - found by the lines above

"""For scripts whose folder Python leaves out of its path (PYTHONSAFEPATH, -P): finds the one beside them.

A script of pipelines/ imports `checkout` first, and there finds this one, that of the installed checkout. The
script may stand in another.
"""

import sys
from pathlib import Path

_script = Path(getattr(sys.modules["__main__"], "__file__", None) or "").resolve().parent
_own = Path(__file__).resolve().parents[1] / "pipelines"
sys.path.insert(0, str(_script if (_script / "checkout.py").is_file() else _own))
del sys.modules[__name__]  # what Python returns is the module that then goes by the name

import checkout  # noqa: E402, F401 - found by the lines above

"""What each script beside it does first: take the library of its own checkout, start fast, mind Ctrl-C.

An editable install points at the checkout it was made in; a linked worktree or a copy made by
`dvc exp run --temp` would otherwise run that one's code.
"""

import gc
import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

sys.path.insert(0, str(ROOT / "src"))

# found by the line above
from perbatch.errors import STOPPED  # noqa: E402
from perbatch.launch.worker import UNWATCHED  # noqa: E402

gc.set_threshold(UNWATCHED)


def _end(*_: object) -> None:
    os.write(sys.stderr.fileno(), f"{STOPPED}\n".encode())
    os._exit(130)


_main = Path(getattr(sys.modules["__main__"], "__file__", None) or "").resolve()
if _main.parent == ROOT / "pipelines" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # The imports that follow take seconds, have nothing to lose, and would end in a traceback; some would
    # even turn a KeyboardInterrupt into another error. `perbatch.sweep.cli.command` puts Python's own back.
    signal.signal(signal.SIGINT, _end)

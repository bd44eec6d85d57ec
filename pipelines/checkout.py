"""Makes the scripts beside it use the library of their own checkout.

An editable install points at the checkout it was made in; a linked worktree or a copy made by
`dvc exp run --temp` would otherwise run that one's code.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

sys.path.insert(0, str(ROOT / "src"))

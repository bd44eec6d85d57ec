"""Data sets: their readers, and what turns a source into prepared arrays on disk.

`perbatch.data.preparation.prepare` writes them and needs scikit-learn; `load` here reads them and does not,
so that a training process starts fast.
"""

from perbatch.data.prepared import Prepared, arrays_digest, blocks, load, load_summary
from perbatch.data.settings import settings_digest, training_examples
from perbatch.data.source import Source

__all__ = [
    "Prepared",
    "Source",
    "arrays_digest",
    "blocks",
    "load",
    "load_summary",
    "settings_digest",
    "training_examples",
]

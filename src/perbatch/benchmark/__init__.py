"""What an engine costs on this processor: microseconds per evaluation and peak memory against batch size.

Start reading at `measure` (the table), then `timing` and `memory` (how its numbers are found) and `workload`
(what is timed).
"""

from perbatch.benchmark.measure import measure
from perbatch.benchmark.settings import Settings, check_settings
from perbatch.benchmark.table import write_table

__all__ = ["Settings", "check_settings", "measure", "write_table"]

"""What an engine costs on this processor: microseconds per evaluation and peak memory against batch size.

Start reading at `measure` (the table), then `timing` and `memory` (how its numbers are found) and `workload`
(what is timed).
"""

from perbatch.timing.measure import measure
from perbatch.timing.settings import Settings, TimedNetwork, check_settings
from perbatch.timing.table import write_table

__all__ = ["Settings", "TimedNetwork", "check_settings", "measure", "write_table"]

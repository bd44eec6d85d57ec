"""From the tables of train and benchmark to facts: rates chosen, costs, contrasts, stability, results."""

from perbatch.analysis.cells import cell_name, cell_rows
from perbatch.analysis.champion import champion, write_champion
from perbatch.analysis.exports import write_tables
from perbatch.analysis.results import Results, compare
from perbatch.analysis.settings import EvaluateSettings, check_settings
from perbatch.analysis.sweep import Sweep, build_sweep
from perbatch.analysis.tables import Tables, read_tables
from perbatch.analysis.tuning import choose_all, choose_final_rates, choose_rates, reported_runs

__all__ = [
    "EvaluateSettings",
    "Results",
    "Sweep",
    "Tables",
    "build_sweep",
    "cell_name",
    "cell_rows",
    "champion",
    "check_settings",
    "choose_all",
    "choose_final_rates",
    "choose_rates",
    "compare",
    "read_tables",
    "reported_runs",
    "write_champion",
    "write_tables",
]

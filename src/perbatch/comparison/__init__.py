"""Compare the update modes: statistics, figures and the report, from the tables of train and benchmark."""

from perbatch.comparison.answers import answer_repeat, answer_when
from perbatch.comparison.choice import choose_all, choose_final_rates, choose_rates, reported_runs
from perbatch.comparison.compare import Findings, compare
from perbatch.comparison.figure_files import write_figures
from perbatch.comparison.report import write_report
from perbatch.comparison.settings import Settings, check_settings
from perbatch.comparison.study import Study, build_study
from perbatch.comparison.tables import Tables, read_tables
from perbatch.comparison.write import write_tables

__all__ = [
    "Findings",
    "Settings",
    "Study",
    "Tables",
    "answer_repeat",
    "answer_when",
    "build_study",
    "check_settings",
    "choose_all",
    "choose_final_rates",
    "choose_rates",
    "compare",
    "read_tables",
    "reported_runs",
    "write_figures",
    "write_report",
    "write_tables",
]

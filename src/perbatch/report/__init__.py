"""From facts to words, tables, figures and the page."""

from perbatch.report.gallery import CLAIM_FIGURES, Exhibit, exhibit, verdict_sentence
from perbatch.report.page import write_report
from perbatch.report.page_figures import write_figures
from perbatch.report.statements import statements, write_statements

__all__ = [
    "CLAIM_FIGURES",
    "Exhibit",
    "exhibit",
    "statements",
    "verdict_sentence",
    "write_figures",
    "write_report",
    "write_statements",
]

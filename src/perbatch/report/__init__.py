"""From facts to words, tables, figures and the page."""

from perbatch.report.answers import answer_repeat, answer_when
from perbatch.report.figure_files import write_figures
from perbatch.report.gallery import FIGURES, Exhibit, exhibit, verdict_sentence
from perbatch.report.page import write_report

__all__ = [
    "FIGURES",
    "Exhibit",
    "answer_repeat",
    "answer_when",
    "exhibit",
    "verdict_sentence",
    "write_figures",
    "write_report",
]

"""How to cite a result, and the papers that the page links."""

import re

from perbatch import __version__
from perbatch.analysis.results import Results


def citation(results: Results) -> str:
    """Return a reference in one line: who, what, which version, which data, which runs.

    The digest of the prepared data and the count of the runs tell one result from another.
    """
    runs = results.sweep.runs
    digest = str(runs["data_digest"].iloc[0])[:12] if "data_digest" in runs else ""
    data = f"{results.name} (digest {digest})" if digest else results.name
    return (
        f"The perbatch authors. perbatch {__version__}: when is back-propagation applied, and what "
        f"does that choice cost? Result of {len(runs):,} runs on {data}."
    )


PAPERS = {
    "The general inefficiency of batch training for gradient descent learning": (
        "Wilson and Martinez (2003)",
        "10.1016/S0893-6080(03)00138-2",
    ),
    "Efficient backprop": ("LeCun, Bottou, Orr and Müller (1998)", "10.1007/3-540-49430-8_2"),
    "Revisiting small batch training for deep neural networks": (
        "Masters and Luschi (2018)",
        "10.48550/arXiv.1804.07612",
    ),
    "An empirical model of large-batch training": (
        "McCandlish, Kaplan, Amodei and others (2018)",
        "10.48550/arXiv.1812.06162",
    ),
    "Measuring the effects of data parallelism": (
        "Shallue, Lee, Antognini and others (2019)",
        "10.48550/arXiv.1811.03600",
    ),
}
"""Title: who wrote it when, and its DOI."""


def reading() -> list[tuple[str, str]]:
    """Return each paper as (text, DOI)."""
    return [(f"{who}, {title}", doi) for title, (who, doi) in PAPERS.items()]


def doi_of(source: str) -> str:
    """Return the DOI in the text of a sweep's source, or that of the paper it names; empty for neither."""
    written = re.search(r"\b10\.\d{4,}/\S*[^\s.,;)]", source)
    if written:
        return written[0]
    return next((doi for title, (_, doi) in PAPERS.items() if title in source), "")

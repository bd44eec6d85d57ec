"""How to cite a result: what it was made by, and from what."""

from __future__ import annotations

from perbatch import __version__
from perbatch.comparison.compare import Findings


def citation(findings: Findings) -> str:
    """Return a reference in one line: who, what, which version, which data, which runs.

    The digest of the prepared data and the count of the runs tell one result from another.
    """
    runs = findings.study.runs
    digest = str(runs["data_digest"].iloc[0])[:12] if "data_digest" in runs else ""
    data = f"{findings.name} (digest {digest})" if digest else findings.name
    return (
        f"The perbatch authors. perbatch {__version__}: when is back-propagation applied, and what "
        f"does that choice cost? Result of {len(runs):,} runs on {data}."
    )

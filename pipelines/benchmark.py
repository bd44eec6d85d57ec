"""Stage `benchmark`: time per evaluation and peak memory against batch size, on this processor."""

import checkout  # isort: skip

import argparse
import logging

from perbatch.sweep.cli import command
from perbatch.sweep.params import block
from perbatch.timing import check_settings, measure, write_table

OUT = checkout.ROOT / "results" / "benchmark" / "throughput.csv"


def main() -> None:
    """Measure what `benchmark:` in params.yaml says, write results/benchmark/throughput.csv."""
    write_table(measure(check_settings(block("benchmark"))), OUT)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    command(main)

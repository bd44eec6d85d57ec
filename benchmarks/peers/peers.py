"""perbatch and its peers, side by side in one run: python benchmarks/peers/peers.py [--repeats N]."""

from __future__ import annotations

import single_thread  # noqa: F401, isort: skip

import argparse
import logging
from pathlib import Path

import jax_loops
import ours
import page
import processors
import sklearn_loops
import sparse
import timing
import torch_loops
from perbatch.timing import write_table
from problem import BATCH_SIZES, NETWORKS, Loop, Problem

PEERS = {
    "perbatch, compiled": {"advance": lambda p: ours.engine("compiled", p)},
    "perbatch, numpy": {"advance": lambda p: ours.engine("numpy", p)},
    "JAX": {
        "shuffled before the scan": lambda p: jax_loops.loop(p, gathered=True, at_once=False),
        "gathered in the scan": lambda p: jax_loops.loop(p, gathered=False, at_once=False),
        "all epochs in one call": lambda p: jax_loops.loop(p, gathered=True, at_once=True),
    },
    "PyTorch": {
        "nn.Module, SGD": lambda p: torch_loops.module(p, fused=False),
        "nn.Module, fused SGD": lambda p: torch_loops.module(p, fused=True),
        "functions, autograd.grad": torch_loops.functions,
    },
    "scikit-learn": {"partial_fit": sklearn_loops.partial_fit},
    "products alone": {"numpy.dot": ours.products},
}


def main() -> None:
    """Check, measure, and write benchmarks/peers/peers.md and its numbers, peers.csv beside it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeats", type=int, default=15, help="timings of each loop")
    repeats = arguments.parse_args().repeats
    measured = []
    for sizes in NETWORKS:
        for batch_size in BATCH_SIZES:
            problem = Problem(sizes, batch_size)
            loops: dict[tuple[str, str], Loop] = {
                (peer, name): make(problem) for peer, ways in PEERS.items() for name, make in ways.items()
            }
            timing.check(problem, loops)
            measured.append(timing.Measured(problem, timing.interleaved(loops, repeats)))
            logging.info("%s", page.line(measured[-1]))
    text = page.page(measured, repeats, sparse.measure(repeats), processors.compare())
    (Path(__file__).parent / "peers.md").write_text(text)
    write_table(page.records(measured), Path(__file__).parent / "peers.csv")
    print(text)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()

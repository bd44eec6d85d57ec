"""Stage `fingerprint`: one digest for each stage, of what decides its bytes; the stages depend on it.

`perbatch.stages` says what that is. It reads this checkout alone and no data, nothing that a stage makes.
"""

import checkout  # isort: skip

import argparse

from omegaconf import OmegaConf

from perbatch import files
from perbatch.sweep.cli import command
from perbatch.sweep.digests import digests

OUT = checkout.ROOT / "results" / "fingerprint.yaml"


def main() -> None:
    """Write results/fingerprint.yaml."""
    files.replace(OUT, OmegaConf.to_yaml(OmegaConf.create(digests())))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    command(main)

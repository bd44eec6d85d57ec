"""Stage `fingerprint`: one digest for each stage, of what decides its bytes; the stages depend on it.

`perbatch.stages` says what that is. It reads this checkout alone and no data, nothing that a stage makes.
"""

import checkout  # isort: skip

import argparse
import gc
import hashlib
import json

from omegaconf import OmegaConf

from perbatch import files, stages
from perbatch.sweep import meaning
from perbatch.sweep.cli import command

OUT = checkout.ROOT / "results" / "fingerprint.yaml"


def digests() -> dict[str, object]:
    """Return the digest (hex) of each stage by its name; those of the studies below `study`, by theirs."""
    settings = meaning.of_stages()
    each = settings.pop("study")
    return {name: _digest(name, settings[name]) for name in sorted(settings)} | {
        "study": {name: _digest("study", each[name]) for name in sorted(each)}
    }


def _digest(stage: str, settings: object) -> str:
    # those that read no data are given prepared arrays, whatever read them
    called = {"prepare": ["_target_"], "train": ["metric"], "study": ["_target_", "metric"]}.get(stage, [])
    parts = [stages.of_stage(stage, meaning.targets(settings, called)), settings]
    if stage in ("train", "study"):
        parts.append(stages.of_run())  # it is part of each run's identity, which the tables name
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def main() -> None:
    """Write results/fingerprint.yaml."""
    gc.disable()  # it would look again and again through the configs, for a seventh of the time
    files.replace(OUT, OmegaConf.to_yaml(OmegaConf.create(digests())))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    command(main)

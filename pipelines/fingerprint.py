"""Stage `fingerprint`: a digest of each package's code, which the stages that run it depend on."""

import checkout  # isort: skip

from omegaconf import OmegaConf

from perbatch.backprop import fingerprint

PACKAGES = {
    "backprop": "backprop",
    "benchmark": "benchmark",
    "comparison": "comparison",
    "data": "data",
    "evidence": "comparison/evidence",
    "sweep": "sweep",
}
"""The folder in src/perbatch of each digest; a part of a package may have its own."""


def main() -> None:
    """Write results/fingerprint.yaml."""
    source = checkout.ROOT / "src" / "perbatch"
    out = checkout.ROOT / "results" / "fingerprint.yaml"
    out.parent.mkdir(exist_ok=True)
    OmegaConf.save(
        OmegaConf.create({name: fingerprint(source / path) for name, path in PACKAGES.items()}), out
    )


if __name__ == "__main__":
    main()

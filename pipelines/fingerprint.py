"""Stage `fingerprint`: a digest of each package's code, which the stages that run it depend on."""

import checkout  # isort: skip

from omegaconf import OmegaConf

from perbatch.backprop import fingerprint

PACKAGES = ("backprop", "benchmark", "comparison", "data", "sweep")


def main() -> None:
    """Write results/fingerprint.yaml."""
    source = checkout.ROOT / "src" / "perbatch"
    out = checkout.ROOT / "results" / "fingerprint.yaml"
    out.parent.mkdir(exist_ok=True)
    OmegaConf.save(OmegaConf.create({name: fingerprint(source / name) for name in PACKAGES}), out)


if __name__ == "__main__":
    main()

"""The digest of each stage, and of each study that is made by hand: over what decides their bytes."""

from perbatch import files, stages
from perbatch.sweep import meaning


def digests() -> dict[str, object]:
    """Return the digest (hex) of each stage by its name; those of studies below `study` or `by_hand`."""
    settings = meaning.of_stages()
    studies = {group: settings.pop(group) for group in ("study", "by_hand")}
    return {name: _digest(name, settings[name]) for name in sorted(settings)} | {
        group: {name: _digest("study", each[name]) for name in sorted(each)}
        for group, each in studies.items()
    }


def of_study(name: str) -> str:
    """Return the digest (hex) of a study's evidence, as `digests` has it."""
    return _digest("study", meaning.of_study(name))


def _digest(stage: str, settings: object) -> str:
    # those that read no data are given prepared arrays, whatever read them
    called = {"prepare": ["_target_"], "train": ["metric"], "study": ["_target_", "metric"]}.get(stage, [])
    parts = [stages.of_stage(stage, meaning.targets(settings, called)), settings]
    if stage in ("train", "study"):
        parts.append(stages.of_run())  # it is part of each run's identity, which the tables name
    return files.json_digest(parts)

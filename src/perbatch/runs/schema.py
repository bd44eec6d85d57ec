"""The types of a run's config. Its values and their meaning are in `conf/`, its limits in `check.py`."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING


@dataclass
class Split:
    """Examples in each part, and the seed that draws them."""

    train: int = MISSING
    validation: int = MISSING
    test: int = MISSING
    seed: int = MISSING


@dataclass
class Data:
    """A data set: the function that reads it, how it is split and scaled, how its training part is laid out.

    The last two have their defaults here, so that the file of a data set need not speak of them.
    """

    name: str = MISSING
    reader: dict[str, Any] = MISSING
    split: Split = field(default_factory=Split)
    scaling: str = MISSING
    copies: int = 1
    sorted: bool = False


@dataclass
class Model:
    """A fully connected network between the data's inputs and outputs, and its loss."""

    hidden: list[int] = MISSING
    activation: str = MISSING
    output: str = MISSING
    loss: str = MISSING
    bias: bool = MISSING
    dtype: str = MISSING


@dataclass
class Repeat:
    """How often one batch is updated on before the next comes."""

    updates_per_batch: int = MISSING
    tolerance: float | None = MISSING


@dataclass
class Engine:
    """Which implementation of the training loop runs."""

    name: str = MISSING


@dataclass
class Evaluation:
    """The log-spaced schedule of evaluations, in presentations."""

    first: int = MISSING
    factor: float = MISSING


@dataclass
class Tracking:
    """Where MLflow's store is, the experiment and the sweep's run that this run is under, and who logs it."""

    uri: str | None = MISSING
    experiment: str | None = None
    parent: str | None = None
    live: bool = True


@dataclass
class Sweep:
    """What a sweep leaves behind beside its run folders."""

    results: str | None = MISSING
    name: str | None = None


@dataclass
class Condition:
    """What must hold for a study's claim: a quantity, of which runs, and its bounds."""

    says: str = MISSING
    quantity: str = MISSING
    of: dict[str, Any] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    # the smallest difference from the bound that is worth speaking of; of a ratio a share of it
    margin: float | None = None
    # of a condition that came later or counts no more: since or until when, and why
    why: str = ""


@dataclass
class Plan:
    """The seeds that judge a study's claim, fixed before the first of them was run."""

    conditions: str = MISSING
    seeds: str = MISSING
    at_most: int = MISSING


@dataclass
class Study:
    """A published claim, where it stands, and the conditions by which its sweep is judged."""

    claim: str = MISSING
    source: str = MISSING
    evidence: str = "sweep"
    targets: list[float] = field(default_factory=list)
    tuning_seeds: list[int] = field(default_factory=list)
    chosen_by: str = "target"
    conditions: list[Condition] = field(default_factory=list)
    retired: list[Condition] = field(default_factory=list)
    beside: list[Condition] = field(default_factory=list)
    plan: Plan | None = None
    # processor seconds that its evidence takes from nothing, measured once
    cpu_seconds: float | None = None
    figure: str = "conditions"


@dataclass
class Config:
    """What one run is."""

    batch_size: Any = MISSING  # an int or "full": OmegaConf has no such union
    learning_rate: float = MISSING
    epochs: int = MISSING
    seed: int = MISSING
    micro_batch_size: int | None = MISSING
    shuffle: bool = MISSING
    stop_at: float | None = MISSING
    metric: str | None = MISSING
    rerun: bool = MISSING
    dry_run: bool = MISSING
    evaluation: Evaluation = field(default_factory=Evaluation)
    data: Data = field(default_factory=Data)
    model: Model = field(default_factory=Model)
    repeat: Repeat = field(default_factory=Repeat)
    engine: Engine = field(default_factory=Engine)
    tracking: Tracking = field(default_factory=Tracking)
    sweep: Sweep = field(default_factory=Sweep)
    study: Study | None = None


@dataclass
class Prepare:
    """What the stage `prepare` reads of the config."""

    data: Data = field(default_factory=Data)

"""The columns of the table of runs and of a run's history, in their order, each with all that is said of it.

What MLflow shows of a run, what the readers of tables need, what a study's contenders differ in, and
docs/tables.md come from here; a test holds what a run writes against it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto


class Role(Enum):
    """What a column is to a comparison of runs."""

    LABEL = auto()
    """names the run, or follows from the others"""
    KEY = auto()
    """what the runs of one comparison differ in: the contender, the rate, the seed"""
    COMMON = auto()
    """what all runs of one comparison share"""
    BUDGET = auto()
    """what the modes of one comparison may be given differently"""
    COUNT = auto()
    """what was spent"""
    RESULT = auto()
    """what came of it"""


@dataclass(frozen=True)
class Column:
    """A column: its name, unit and meaning as docs/tables.md has them, and its parts elsewhere.

    `axis`: runs of one study may differ in it beside rate and seed. `metric`: the name under which MLflow has
    a run's value as a number. `curve`: the name of the curve that MLflow has of a history's column; what
    nobody plots has none. `needed`: evaluation reads it.
    """

    name: str
    unit: str
    meaning: str
    role: Role
    axis: bool = False
    metric: str = ""
    curve: str = ""
    needed: bool = False


def _setting(
    name: str, unit: str, meaning: str, role: Role = Role.COMMON, axis: bool = True, metric: str = ""
) -> Column:
    return Column(name, unit, meaning, role, axis, metric, needed=True)


def _final(
    name: str, unit: str, meaning: str, role: Role = Role.RESULT, metric: bool = False, needed: bool = False
) -> Column:
    return Column(name, unit, meaning, role, metric=f"final/{name}" if metric else "", needed=needed)


RUNS: tuple[Column, ...] = (
    Column(
        "identity",
        "SHA-256",
        "digest of all that determines the result; names the run's folder in `runs/` and its row in MLflow",
        Role.LABEL,
        needed=True,
    ),
    _setting("data", "name", "the data set"),
    Column("data_digest", "SHA-256", "digest of the prepared arrays", Role.COMMON),
    _setting("task", "text", "`classification` or `regression`", axis=False),
    _setting("n_train", "examples", "size of the training part"),
    _setting(
        "mode",
        "text",
        "`stochastic`, `mini-batch`, `full-batch`, or `repeat` where a batch may be visited other than once",
        Role.KEY,
        axis=False,
    ),
    _setting(
        "batch_size",
        "examples",
        "per update; that of a full batch is `n_train`",
        Role.KEY,
        metric="config/batch_size",
    ),
    _setting(
        "updates_per_batch",
        "updates",
        "on a batch before the next one comes, at most",
        Role.KEY,
        metric="config/updates_per_batch",
    ),
    _setting(
        "tolerance",
        "loss",
        "a batch is left once its mean loss is at most this; empty: its loss is not looked at",
        Role.KEY,
        metric="config/tolerance",
    ),
    _setting(
        "learning_rate",
        "",
        "multiplies the gradient of the batch's mean loss",
        Role.KEY,
        axis=False,
        metric="config/learning_rate",
    ),
    _setting(
        "seed",
        "",
        "draws the initial parameters and the order of examples",
        Role.KEY,
        axis=False,
        metric="config/seed",
    ),
    Column("cell", "text", "mode, batch size and rate, as MLflow groups by it", Role.LABEL),
    _setting("epochs", "epochs", "passes over the training part that were given", Role.BUDGET, axis=False),
    _setting(
        "stop_at",
        "loss",
        "training stops at the first evaluation with this validation loss or less; empty: trained out",
        Role.BUDGET,
        axis=False,
    ),
    _setting(
        "micro_batch_size",
        "examples",
        "whose gradient is computed at once (accumulation); empty: all of the batch",
        Role.BUDGET,
    ),
    _setting("shuffle", "", "whether every epoch has a new order of examples"),
    _setting("sizes", "units", "of each layer, as `64-32-10`"),
    _setting("activation", "name", "of the hidden layers"),
    _setting("loss", "name", "`cross_entropy` or `squared_error` (half the squared difference)"),
    _setting("bias", "", "whether units have a bias"),
    _setting("output", "name", "activation of the output layer"),
    _setting("dtype", "name", "`float64` or `float32`"),
    _setting("engine", "name", "implementation of the training loop"),
    _final(
        "status",
        "text",
        "`finished`; `diverged`: ended at a loss or parameter that is not finite; `failed`: an error, no "
        "result",
        needed=True,
    ),
    Column("diverged_epoch", "epochs", "when divergence was seen", Role.RESULT, metric="diverged_epoch"),
    _final("presentations", "examples", "shown, each once a visit", Role.COUNT, needed=True),
    _final(
        "updates", "updates", "of the parameters; a skipped batch has none", Role.COUNT, True, needed=True
    ),
    _final(
        "gradient_evaluations",
        "examples",
        "whose gradient was computed, repeated ones again",
        Role.COUNT,
        True,
        needed=True,
    ),
    _final(
        "forward_evaluations",
        "examples",
        "passed forward only to check the loss, beyond those whose gradient followed",
        Role.COUNT,
        needed=True,
    ),
    _final("train_loss", "loss", "mean over the training part", metric=True),
    _final("validation_loss", "loss", "mean over the validation part", metric=True, needed=True),
    _final(
        "train_accuracy",
        "share",
        "of the training part classified rightly; empty for a regression",
    ),
    _final(
        "validation_accuracy",
        "share",
        "of the validation part classified rightly; empty for a regression",
        metric=True,
        needed=True,
    ),
    _final(
        "train_r2",
        "",
        "share of the training targets' variance that is explained; empty for a classification",
    ),
    _final(
        "validation_r2",
        "",
        "share of the validation targets' variance that is explained; empty for a classification",
        metric=True,
        needed=True,
    ),
    _final(
        "n_parameters",
        "numbers",
        "length of the parameter vector, and of the run's row in `weights.npy` that is not padding",
    ),
)


def _counted(name: str, unit: str, meaning: str, curve: str = "") -> Column:
    return Column(name, unit, meaning, Role.COUNT, curve=curve, needed=True)


def _seen(name: str, unit: str, meaning: str, curve: str = "", needed: bool = False) -> Column:
    return Column(name, unit, meaning, Role.RESULT, curve=curve, needed=needed)


HISTORY: tuple[Column, ...] = (
    Column("identity", "SHA-256", "the run, as in runs.csv", Role.LABEL, needed=True),
    _counted("epoch", "epochs", "presentations over the size of the training part"),
    _counted("presentations", "examples", "shown so far"),
    _counted("updates", "updates", "so far", "count/updates"),
    _counted(
        "gradient_evaluations",
        "examples",
        "whose gradient was computed so far",
        "count/gradient_evaluations",
    ),
    _counted("forward_evaluations", "examples", "passed forward only to check the loss, so far"),
    _seen("train_loss", "loss", "mean over the training part", "train/loss", needed=True),
    _seen("validation_loss", "loss", "mean over the validation part", "validation/loss", needed=True),
    _seen("train_accuracy", "share", "classified rightly; empty for a regression", "train/accuracy"),
    _seen(
        "validation_accuracy", "share", "classified rightly; empty for a regression", "validation/accuracy"
    ),
    _seen("train_r2", "", "explained share of variance; empty for a classification", "train/r2"),
    _seen("validation_r2", "", "explained share of variance; empty for a classification", "validation/r2"),
    _seen(
        "gradient_norm",
        "loss per parameter",
        "Euclidean norm of the gradient of the whole training part's mean loss",
        "train/gradient_norm",
    ),
    _seen(
        "gradient_variance",
        "squared",
        "trace of the covariance of the per-example gradients; over `gradient_norm` squared it is the simple "
        "noise scale",
    ),
    _seen(
        "next_update_change",
        "loss",
        "by which the very next update changes the training part's mean loss, tried on a copy; empty at the "
        "end and where the next batch is skipped",
        needed=True,
    ),
    _seen(
        "satisfied_when_left",
        "share",
        "of the examples shown so far, those whose batch was at most at the tolerance when last left; empty "
        "without one",
        "train/satisfied_when_left",
        needed=True,
    ),
    _seen(
        "still_satisfied",
        "share",
        "of the examples shown so far, those whose own loss is at most the tolerance now; empty without one",
        "train/still_satisfied",
        needed=True,
    ),
)


def names(columns: Iterable[Column], *roles: Role) -> list[str]:
    """Return the names of the columns with one of these roles."""
    return [column.name for column in columns if column.role in roles]


def needed(columns: Iterable[Column]) -> list[str]:
    """Return the names of the columns that evaluation reads."""
    return [column.name for column in columns if column.needed]


AXES = [column.name for column in RUNS if column.axis]
"""What two runs of one study may differ in beside learning rate and seed: its contenders."""

BUDGET = names(RUNS, Role.BUDGET)
KEYS = names(RUNS, Role.KEY)
COUNTS = names(RUNS, Role.COUNT)
METRICS = {column.name: column.metric for column in RUNS if column.metric}
CURVES = {column.name: column.curve for column in HISTORY if column.curve}

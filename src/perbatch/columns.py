"""The columns of the tables of runs, histories and prices, in their order, each with all that is said of it.

What MLflow shows of a run, what the readers of tables need, what a study's contenders differ in, and
docs/tables.md come from here; tests hold what a run and the benchmark write against it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class Role(Enum):
    """What a column is to a comparison of runs."""

    LABEL = auto()
    """names the row, or follows from the others"""
    KEY = auto()
    """what the runs of one comparison differ in: the contender, the rate, the seed; what a price is for"""
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
    """A column of a table: its name, unit and meaning as docs/tables.md has them, and its parts elsewhere.

    `interval`: behind it come the ends of its interval, `_low` and `_high`. `axis`: runs of one study may
    differ in it beside rate and seed. `needed`: evaluation reads it. `metric`: the name under which MLflow
    has a run's value as a number. `curve`: the name of the curve that MLflow has of a history's column; what
    nobody plots has none. `head`: what the page's main table calls a column of the comparison.
    """

    name: str
    unit: str
    meaning: str
    head: str = ""
    role: Role = Role.RESULT
    interval: bool = False
    axis: bool = False
    needed: bool = False
    metric: str = ""
    curve: str = ""

    @property
    def names(self) -> list[str]:
        """The column, and the ends of its interval."""
        return [self.name, f"{self.name}_low", f"{self.name}_high"] if self.interval else [self.name]


def table(text: str) -> tuple[Column, ...]:
    """Read columns, one a line: `name | unit | parts | meaning`, or `name | unit | parts | meaning | head`.

    A line that begins with a space goes on with the one above. The parts are a role in small letters, and
    `interval`, `axis`, `needed`, `metric=NAME`, `curve=NAME`; `final` and `config` are short for the metrics
    `final/name` and `config/name`.
    """
    return tuple(_column(line) for line in text.strip().replace("\n    ", " ").split("\n"))


def _column(line: str) -> Column:
    name, unit, parts, meaning, head = (part.strip() for part in f"{line} |".split("|")[:5])
    column: dict[str, Any] = {}
    for part in parts.split():
        key, _, value = part.partition("=")
        if key.upper() in Role.__members__:
            column["role"] = Role[key.upper()]
        elif key in ("final", "config"):
            column["metric"] = f"{key}/{name}"
        else:
            column[key] = value or True
    return Column(name, unit, meaning, head, **column)


RUNS = table(
    """
identity             | SHA-256 | label needed | digest of all that determines the result; names the run's
    folder in `runs/` and its row in MLflow
data                 | name | common axis needed | the data set
data_digest          | SHA-256 | common | digest of the prepared arrays
task                 | text | common needed | `classification` or `regression`
n_train              | examples | common axis needed | size of the training part
mode                 | text | key needed | `stochastic`, `mini-batch`, `full-batch`, or `repeat` where a batch
    may be visited other than once
batch_size           | examples | key axis needed config | per update; that of a full batch is `n_train`
updates_per_batch    | updates | key axis needed config | on a batch before the next one comes, at most
tolerance            | loss | key axis needed config | a batch is left once its mean loss is at most this;
    empty: its loss is not looked at
learning_rate        | | key needed config | multiplies the gradient of the batch's mean loss
seed                 | | key needed config | draws the initial parameters and the order of examples
cell                 | text | label | mode, batch size and rate, as MLflow groups by it
epochs               | epochs | budget needed | passes over the training part that were given
stop_at              | loss | budget needed | training stops at the first evaluation with this validation loss
    or less; empty: trained out
micro_batch_size     | examples | budget axis needed | whose gradient is computed at once (accumulation);
    empty: all of the batch
shuffle              | | common axis needed | whether every epoch has a new order of examples
sizes                | units | common axis needed | of each layer, as `64-32-10`
activation           | name | common axis needed | of the hidden layers
loss                 | name | common axis needed | `cross_entropy` or `squared_error` (half the squared
    difference)
bias                 | | common axis needed | whether units have a bias
output               | name | common axis needed | activation of the output layer
dtype                | name | common axis needed | `float64` or `float32`
engine               | name | common axis needed | implementation of the training loop
metric               | name | common needed | function of one's own, called at each evaluation; empty: none
status               | text | result needed | `finished`; `diverged`: ended at a loss or parameter that is not
    finite; `failed`: an error, no result
diverged_epoch       | epochs | result metric=diverged_epoch | when divergence was seen
presentations        | examples | count needed | shown, each once a visit
updates              | updates | count needed final | of the parameters; a skipped batch has none
gradient_evaluations | examples | count needed final | whose gradient was computed, repeated ones again
forward_evaluations  | examples | count needed | passed forward only to check the loss, beyond those whose
    gradient followed
train_loss           | loss | result final | mean over the training part
validation_loss      | loss | result needed final | mean over the validation part
train_accuracy       | share | result | of the training part classified rightly; empty for a regression
validation_accuracy  | share | result needed final | of the validation part classified rightly; empty for a
    regression
train_r2             | | result | share of the training targets' variance that is explained; empty for a
    classification
validation_r2        | | result needed final | share of the validation targets' variance that is explained;
    empty for a classification
own_metric           | | result final | returned by the function `metric` at the last evaluation; empty
    without one, and where the run diverged
n_parameters         | numbers | result | length of the parameter vector, and of the run's row in
    `weights.npy` that is not padding
"""
)

HISTORY = table(
    """
identity             | SHA-256 | label needed | the run, as in runs.csv
epoch                | epochs | count needed | presentations over the size of the training part
presentations        | examples | count needed | shown so far
updates              | updates | count needed curve=count/updates | so far
gradient_evaluations | examples | count needed curve=count/gradient_evaluations | whose gradient was computed
    so far
forward_evaluations  | examples | count needed | passed forward only to check the loss, so far
train_loss           | loss | result needed curve=train/loss | mean over the training part
validation_loss      | loss | result needed curve=validation/loss | mean over the validation part
train_accuracy       | share | result curve=train/accuracy | classified rightly; empty for a regression
validation_accuracy  | share | result curve=validation/accuracy | classified rightly; empty for a regression
train_r2             | | result curve=train/r2 | explained share of variance; empty for a classification
validation_r2        | | result curve=validation/r2 | explained share of variance; empty for a classification
gradient_norm        | loss per parameter | result curve=train/gradient_norm | Euclidean norm of the gradient
    of the whole training part's mean loss
gradient_variance    | squared | result | trace of the covariance of the per-example gradients; over
    `gradient_norm` squared it is the simple noise scale
next_update_change   | loss | result needed | by which the very next update changes the training part's mean
    loss, tried on a copy; empty at the end and where the next batch is skipped
satisfied_when_left  | share | result needed curve=train/satisfied_when_left | of the examples shown so far,
    those whose batch was at most at the tolerance when last left; empty without one
still_satisfied      | share | result needed curve=train/still_satisfied | of the examples shown so far, those
    whose own loss is at most the tolerance now; empty without one
own_metric           | | result needed curve=own/metric | returned by the function `metric`; empty without
    one, and where the run diverged
"""
)

THROUGHPUT = table(
    """
processor        | name | label needed | on which it was measured
numpy            | version | label needed | with which it was measured
engine           | name | key needed | as in runs.csv
dtype            | name | key needed | as in runs.csv
sizes            | units | key needed | as in runs.csv
loss             | name | key needed | as in runs.csv
activation       | name | key needed | as in runs.csv
bias             | | key needed | as in runs.csv
output           | name | key needed | as in runs.csv
batch_size       | examples | key needed | per update
micro_batch_size | examples | key needed | computed at once; empty: all of the batch
gradient_us      | microseconds | result needed interval | a gradient evaluation, its share of the update
    included: median and quartiles of the repeats
forward_us       | microseconds | result needed interval | a forward evaluation with its loss, as the repeat
    mode checks it
peak_bytes       | bytes | result needed | peak memory of the training loop beyond data and parameters
repeats          | timings | count needed | of each
"""
)


def names(columns: Iterable[Column], *roles: Role) -> list[str]:
    """Return the names of the columns with one of these roles."""
    return [column.name for column in columns if column.role in roles]


def needed(columns: Iterable[Column]) -> list[str]:
    """Return the names of the columns that evaluation reads."""
    return [name for column in columns if column.needed for name in column.names]


AXES = [column.name for column in RUNS if column.axis]
"""What two runs of one study may differ in beside learning rate and seed: its contenders."""

BUDGET = names(RUNS, Role.BUDGET)
KEYS = names(RUNS, Role.KEY)
COUNTS = names(RUNS, Role.COUNT)
METRICS = {column.name: column.metric for column in RUNS if column.metric}
PRICED = names(THROUGHPUT, Role.KEY)
CURVES = {column.name: column.curve for column in HISTORY if column.curve}

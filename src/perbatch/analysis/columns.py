"""The columns of the tables that evaluation writes, in their order, each with all that is said of it.

The files' heads, docs/tables.md and the page's main table (the columns of the comparison that have a head)
come from here; `perbatch.columns.table` reads a line. What stands in a column of the comparison `results`
finds, and for each other table the module of its name.
"""

from perbatch.analysis.contenders import CONTENDER
from perbatch.columns import RUNS, table

AS_RUNS = "\n".join(
    f"{column.name} | {column.unit} | | as in runs.csv" for column in RUNS if column.name in CONTENDER
)

VARIANT = (
    "variant | text | | value of what was swept beside the modes, as activation; a column only where there is"
)

COMPARISON = table(
    f"""
target                         | loss | | validation loss that counts as reached; empty: the rate was chosen
    for the end of training
{AS_RUNS}
way                            | text | | how a batch is visited: `once`, `until satisfied`, `fixed` (repeated
    without a tolerance) or `skip` (a tolerance, but not repeated)
learning_rate                  | | | the chosen one, of the batch's mean gradient | rate
learning_rate_over_batch_size  | | | the same step written for the batch's summed gradient
rate_at_edge                   | text | | `low` or `high`: the chosen rate is the lowest or highest tried, in
    a search within a tenth of the interval from its end; `only`: one was tried; else empty
rates_tried                    | rates | | that the contender was tuned over
n                              | seeds | | reported
reached                        | share | interval | of the seeds that reached the target; Clopper-Pearson
    interval | reached by
epochs_to_target               | epochs | interval | presentations over `n_train` at the first evaluation at
    the target; empty where the middle seed did not get there | epochs
to_target_kind                 | text | | kind of the `_to_target` values and their intervals: a geometric
    mean where all seeds reached, else a median that counts the others as infinite
updates_to_target              | updates | interval | the same in updates | updates
gradient_evaluations_to_target | examples | interval | the same in gradient evaluations
evaluations_to_target          | gradients | interval | the same in evaluations of the network: gradient
    evaluations, and half of one for each forward evaluation; the rates are chosen by these |
    evaluations of the network
seconds_to_target              | seconds | interval | gradient and forward evaluations at the prices of
    throughput.csv: training alone; empty without a price | training seconds
test_accuracy                  | share | interval | of the test part classified rightly at the end of
    training; a classification's | test accuracy
test_r2                        | | interval | explained share of the test targets' variance at the end of
    training; a regression's | test R²
test_loss                      | loss | interval | on the test part at the end of training | test loss
validation_loss                | loss | interval | at the end of training
final_kind                     | text | | kind of the values at the end of training: a mean; or a median where
    a seed diverged, or ended above the training loss it started from, which counts as the worst
runs                           | runs | | of the contender, all rates and seeds
diverged                       | runs | | of those, diverged | diverged runs
failed                         | runs | | of those, failed
{VARIANT}
"""
)

PAIRS = table(
    """
target           | loss | | as in comparison.csv
first            | name | | `stochastic`, `mini_batch` (the declared size) or `repeat` (its best n and
    tolerance)
second           | name | | `mini_batch`, `full_batch`, or `plain`: the batch size of `repeat` without
    repeating. Where one thing more was swept, first and second may be two of its values, in the same mode
first_contender  | text | | the first one in full
second_contender | text | | the second one in full
quantity         | text | | `epochs`, `updates`, `gradient_evaluations`, `evaluations` (of the network) or
    `seconds`
n                | seeds | | that both have
ratio            | times | interval | the first one's need that the second has: above 1 the first is faster
kind             | text | | a geometric mean where all seeds reached, else a median over pairs with unreached
    as infinite
improvement      | share | interval | of the seeds in which the first needs less, ties half; Clopper-Pearson
    interval
verdict          | text | | of the first: `less`, `more`, `no difference shown`, `one seed`, `only the first`,
    `only the second`, `partly reached`, `neither`, `no price`
p_value          | | | of no difference: a t-test on logarithms, paired by seed, or a sign test for a median
together         | | | of the first target's epochs and evaluations, which the answers rest on: whether there
    is a difference at a level of 5 % over all of them (Holm 1979); empty for other rows. Where one thing
    more was swept: over those of one value, and over those that compare values
"""
)

STABILITY = table(
    f"""
{AS_RUNS}
way               | text | | as in comparison.csv
learning_rate     | | | the chosen one
n                 | seeds | | reported
raising           | share | interval | of the updates that raise the training part's mean loss, sampled at the
    evaluations; mean over seeds
raising_kind      | text | | kind of that interval
spread            | decades | interval | standard deviation over seeds of log10 of the final validation loss;
    empty where a seed diverged
spread_kind       | text | | kind of that interval
peak_bytes        | bytes | | peak memory of the training loop beyond data and parameters, as the runs were
    trained
accumulated_bytes | bytes | | the least for the same update with accumulation
accumulated_chunk | examples | | computed at once for that
stable_low        | | | lowest rate tried that is stable: no run diverged, and the median training loss at the
    end is below 95 % of that of the best constant answer, so that it learned
stable_high       | | | highest such rate
octaves           | octaves | | log2 of their ratio
gaps              | rates | | tried between them that are not stable
open_low          | | | whether the range begins at the lowest rate tried, and so may be wider
open_high         | | | whether it ends at the highest rate tried
rates_tried       | rates | | in all
{VARIANT}
"""
)

REPEATS = table(
    f"""
quantity            | text | | `updates` or `evaluations` (of the network, as in comparison.csv)
plain_epochs        | epochs | | of training without repeating that cost as much
budget              | of the quantity | | that cost
mode                | text | | as in runs.csv
batch_size          | examples | | as in runs.csv
updates_per_batch   | updates | | as in runs.csv: the n of the repeat mode
tolerance           | loss | | as in runs.csv
way                 | text | | as in comparison.csv
learning_rate       | | | chosen for this budget
n                   | seeds | | reported
validation_loss     | loss | interval | at the last evaluation within the budget
kind                | text | | a geometric mean, or a median where a seed diverged
spent               | of the quantity | | up to that evaluation, median over seeds; well below the budget
    where training ended before
satisfied_when_left | share | | as in history.csv, at the end of the first epoch, mean over seeds
still_satisfied     | share | | as in history.csv, at the end of the first epoch, mean over seeds
{VARIANT}
"""
)

CURVES = table(
    f"""
{AS_RUNS}
contender               | text | | the four in one
learning_rate           | | | the chosen one
presentations           | examples | | shown so far
epoch                   | epochs | | so far
updates                 | updates | | so far, median over seeds
gradient_evaluations    | examples | | so far, median over seeds
satisfied_when_left     | share | | as in history.csv, median over seeds
still_satisfied         | share | | as in history.csv, median over seeds
own_metric              | | | as in history.csv, median over seeds
validation_loss         | loss | | median over seeds, a diverged one as infinite
validation_loss_lowest  | loss | | of the seeds
validation_loss_highest | loss | | of the seeds; empty where one has diverged
seeds                   | seeds | | behind the row
{VARIANT}
"""
)

RATES = table(
    f"""
{AS_RUNS}
contender         | text | | the four in one
learning_rate     | | | of the batch's mean gradient
validation_loss   | loss | | at the end of training, median over seeds; empty where the middle one diverged
runs              | runs | | that did not fail
diverged          | runs | | of those, diverged
{VARIANT}
"""
)

ELSEWHERE = table(
    """
data               | name | | the data set
n_train            | examples | | size of the training part
sizes              | units | | of each layer of the network, as `64-32-10`
target             | loss | | validation loss that counts as reached here, the same for all modes: a tenth of
    the way from what the least good mode ends at to the constant answer
comparison         | text | | which two modes: `stochastic over full batch`, `mini-batch over stochastic`,
    `repeat over plain` (with batches of one example)
quantity           | text | | `epochs` or `evaluations` (of the network, as in comparison.csv)
batch_size         | examples | | of the first mode
ratio              | times | interval | the second mode's need that the first has, paired by seed: below 1 the
    first is faster
n                  | seeds | | that both have
kind               | text | | a geometric mean where all seeds reached, else a median over pairs with
    unreached as infinite
learning_rate      | | | chosen for the first mode
over_learning_rate | | | chosen for the second mode
reservation        | text | | what stands against the row: a chosen rate at the edge of its grid; else empty
"""
)

TABLES = {
    "comparison.csv": COMPARISON,
    "pairs.csv": PAIRS,
    "stability.csv": STABILITY,
    "repeats.csv": REPEATS,
    "curves.csv": CURVES,
    "rates.csv": RATES,
    "elsewhere.csv": ELSEWHERE,
}
"""All of them, by file."""


def columns_of(file: str) -> list[str]:
    """Return the names of a file's columns, in its order."""
    return [name for column in TABLES[file] for name in column.names]

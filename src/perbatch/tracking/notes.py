"""The texts that MLflow's pages show: what an experiment asks, what a sweep is, how to read them."""

QUESTION = """**When is back-propagation applied, and what does that choice cost?**

Data set `{name}`. Each parent run is a sweep; the runs nested under it train the same network with one
update mode, batch size, learning rate and seed each.

How to read it
- Names sort by batch size, learning rate and seed: `M0032 lr0.1 s07`. The repeat mode stands in front.
- Charts: the x axis *step* is presentations (examples shown), so curves of all batch sizes compare.
  Group the runs by the tag `cell` to see the mean over seeds.
- Columns that sort as numbers: `config/batch_size`, `config/learning_rate`, `final/validation_loss`.

Filters to paste into the search box
- stochastic: `params.mode = 'stochastic'`
- one batch size: `metrics."config/batch_size" = 32`
- one cell: `tags.cell = 'M0032 lr0.3'`
- learned: `metrics."final/validation_loss" < 0.2`
- diverged: `tags.diverged = 'true'`
"""

SWEEP = """{count} runs: {reused} reused, {trained} to train.

Run again (only what is missing is trained): `{command}`

Members: the artifact `members.csv`, and, for those trained by this sweep, the nested runs.
"""


def experiment(name: str) -> str:
    """Return the note of the experiment of one data set."""
    return QUESTION.format(name=name)


def sweep(count: int, reused: int, command: str) -> str:
    """Return the note of a sweep's parent run."""
    return SWEEP.format(count=count, reused=reused, trained=count - reused, command=command)

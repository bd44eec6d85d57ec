"""The texts that MLflow's pages show: what an experiment asks, what a sweep is, how to read them."""

from collections.abc import Mapping

from perbatch.tracking import views

# The first line is plain: the list of experiments shows it as it is written.
QUESTION = """When is back-propagation applied, and what does that choice cost?

`{name}`, a data set or a study. Each parent run is a sweep; the runs nested under it train the same network
with one update mode, batch size, learning rate and seed each.

Start here
- [all runs, best first, with the columns that matter]({runs})
- [cells: the mean over all reported seeds of each mode, batch size and rate, with its interval]({cells}).
  `publish` logs them, each as a run; a mean that MLflow makes of the best runs is that of lucky seeds

How to read it
- Names sort by batch size, learning rate and seed: `M0032 lr0.1 s07`. The repeat mode stands in front,
  what else was swept before the seed, what is not the default behind it: `M0032 lr0.1 tanh s07 epochs=80`.
- Charts: the x axis *step* is presentations (examples shown), so curves of all batch sizes compare.
  The tag `cell` (all of the name but the seed) is what seeds repeat.
- Columns that sort as numbers: `config/batch_size`, `config/learning_rate`, `final/validation_loss`.

Filters for the search box: `tags.`perbatch.kind` = 'run'`, and behind it
- stochastic: `and params.mode = 'stochastic'`
- one batch size: `and metrics."config/batch_size" = 32`
- one cell's runs: `and tags.cell = 'M0032 lr0.3'`
- learned: `and metrics."final/validation_loss" < 0.2`
- diverged: `and tags.diverged = 'true'`

Cells over the tuning seeds: `tags.`perbatch.kind` = 'cell' and tags.seeds = 'tuning'`. A run that was trained
again is kept as it was; its kind is `replaced`.
"""

SWEEP = """{count} runs: {reused} reused, {trained} to train.
{words}
Run again (only what is missing is trained): `{command}`

Members: the artifact `members.csv`. The runs that this sweep trained are nested here; those that it reused
stay below the sweep that trained them. This finds them all, and others made with the same settings:

`{filter}`
"""

LEFT_OUT = ("data.", "evaluation.")
"""Params that a filter need not name: the experiment is the data set's, and evaluations change no result."""

RULE = "---\n"


def experiment(name: str, experiment_id: str) -> str:
    """Return the note of the experiment of one data set or study."""
    runs, cells = (views.address(experiment_id, view) for view in (views.RUNS, views.CELLS))
    return QUESTION.format(name=name, runs=runs, cells=cells)


def is_ours(note: str) -> bool:
    """Return whether the note of an experiment is one that perbatch wrote, of any version, or none."""
    return not note or note.lstrip("*").startswith(QUESTION.partition("\n")[0])


def published(answers: str, experiment_id: str, parent: str) -> str:
    """Return the front of a published sweep's note: its answers, and the way to its cells."""
    return f"{answers}\n\n[The cells that say so]({views.address(experiment_id, parent)})"


def answered(note: str, answer: str) -> str:
    """Return a sweep's note with the answer in front, in place of an earlier one."""
    return f"{answer}\n\n{RULE}{note.rpartition(RULE)[2]}"


def sweep(count: int, reused: int, command: str, common: Mapping[str, object], words: str = "") -> str:
    """Return the note of a sweep's parent run, with a filter for runs that have the params `common`.

    `words` say what a search found.
    """
    named = {key: value for key, value in common.items() if not key.startswith(LEFT_OUT)}
    conditions = ["tags.`perbatch.kind` = 'run'", *(f"params.`{key}` = '{named[key]}'" for key in named)]
    return SWEEP.format(
        count=count,
        reused=reused,
        trained=count - reused,
        words=words and f"\n{words}\n",
        command=command,
        filter=" and ".join(conditions),
    )

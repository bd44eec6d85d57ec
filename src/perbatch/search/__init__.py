"""A search: Optuna asks for the trials of each cell, and the sweep trains them as plain runs."""

from perbatch import advice
from perbatch.errors import UserError

try:
    import optuna
except ModuleNotFoundError as error:
    raise UserError(f"a search needs Optuna, which is not installed: {advice.install('search')}") from error

optuna.logging.set_verbosity(optuna.logging.WARNING)

"""A search: Optuna asks for the trials of each cell, and the sweep trains them as plain runs."""

"""Hydra's side: grid, composition, plan, the sweeper, its tables, and the record of each run in MLflow."""

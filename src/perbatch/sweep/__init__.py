"""Hydra's side: grid, composition, identity, plan, a run's folder and the task that one job runs."""

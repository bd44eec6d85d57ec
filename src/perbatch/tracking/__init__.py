"""MLflow's side: the store, the log of one run, the parent of a sweep.

MLflow is imported where it is first needed: that takes seconds, and a sweep with nothing to do needs none.
"""

import os

# Read by MLflow when it is imported. A dead server is given up within seconds instead of minutes.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # two lines for each run on a server
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("PGCONNECT_TIMEOUT", "10")  # of PostgreSQL's own library

from perbatch.tracking.registry import Registry, Served
from perbatch.tracking.run_log import DataSet, Point, RunLog
from perbatch.tracking.server import StoreUnavailable
from perbatch.tracking.stale import close_stale
from perbatch.tracking.store import Experiment, Store
from perbatch.tracking.stores import locate
from perbatch.tracking.sweep_log import SweepLog

__all__ = [
    "DataSet",
    "Experiment",
    "Point",
    "Registry",
    "RunLog",
    "Served",
    "Store",
    "StoreUnavailable",
    "SweepLog",
    "close_stale",
    "locate",
]

"""Say the addresses of MLflow's pages that show perbatch's runs: a bare one opens on a product of MLflow's.

They name the host mlflow.localhost, which browsers find on this machine: on 127.0.0.1 and localhost MLflow's
assistant opens by itself.

python tools/addresses.py 5000
"""

import argparse

from perbatch.sweep.record import store_of
from perbatch.tracking import views
from perbatch.tracking.store import STORE_TAG

HOST = "mlflow.localhost"


def main(port: str) -> None:
    """Print for each experiment of the store its runs and its cells, as `mlflow ui` serves them at a port."""
    experiments = f"http://{HOST}:{port}/#/experiments?workflowType=machine_learning"
    print(f"all experiments: {experiments} (where it is not found: 127.0.0.1 for {HOST})", flush=True)
    for experiment in store_of(None).client.search_experiments():
        if STORE_TAG in experiment.tags:
            for view in (views.RUNS, views.CELLS):
                below = views.address(experiment.experiment_id, view)
                print(f"{experiment.name}, {view}: http://{HOST}:{port}/{below}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", help="where MLflow serves them")
    main(parser.parse_args().port)

"""MLflow's pages after a sweep, as a user sees them: opened in Chromium, over MLflow's own server."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from playwright.sync_api import Browser

from copies import ROOT, copy_repository, run
from perbatch.tracking import locate, views
from perbatch.tracking.cells import log_cells

sys.path.insert(0, str(ROOT / "tools"))

import mlflow_page

pytestmark = pytest.mark.slow
SWEEP = ("-m", "batch_size=8,32,full", "learning_rate=0.1,0.3", "seed=0,1", "epochs=3")
SWEPT = "sweep over batch_size, learning_rate, seed; epochs=3; 12 runs"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The store of a copy in which a sweep of twelve runs was made."""
    root = tmp_path_factory.mktemp("copy") / "perbatch"
    copy_repository(root)
    run(root, "python", "pipelines/prepare.py")
    run(root, "python", "pipelines/train.py", *SWEEP)
    return f"sqlite:///{root}/mlflow.db"


@pytest.fixture(scope="module")
def address(store: str) -> Iterator[str]:
    with mlflow_page.served(store) as address:
        yield address


@pytest.fixture(scope="module")
def experiment(store: str) -> str:
    return str(MlflowClient(store).get_experiment_by_name("digits").experiment_id)


def test_the_sweep_is_a_parent_with_its_runs_nested_under_it(
    chromium: Browser, address: str, experiment: str
) -> None:
    page = mlflow_page.opened(chromium, f"{address}/#/experiments/{experiment}/runs", SWEPT)
    assert page.get_by_text("M0008 lr0.1 s00 epochs=3", exact=True).count() == 0
    page.locator('[role=gridcell][col-id*="Run Name"] button').first.click()
    page.get_by_text("M0008 lr0.1 s00 epochs=3", exact=True).first.wait_for()
    page.get_by_text("M1000 lr0.3 s01 epochs=3", exact=True).wait_for()


def test_the_linked_view_has_its_columns(chromium: Browser, address: str, experiment: str) -> None:
    page = mlflow_page.opened(chromium, f"{address}/{views.address(experiment, views.RUNS)}", "Run Name")
    page.get_by_text("matching runs").wait_for()
    # The grid draws the columns that are in sight, and those at the right follow when the assistant has gone.
    for name in views.COLUMNS:
        if "r2" not in name:
            page.locator(f'[role=columnheader][col-id="metrics.`{name}`"]').wait_for()
    box = page.locator('[role=columnheader][col-id="metrics.`final/validation_loss`"]').bounding_box()
    assert box["x"] + box["width"] <= 1440
    losses = page.locator('[role=gridcell][col-id*="final/validation_loss"]')
    losses.nth(11).wait_for()
    shown = list(map(float, losses.all_inner_texts()))
    assert len(shown) == 12 and shown == sorted(shown)
    assert page.get_by_text(SWEPT).count() == 0


def test_the_first_chart_is_of_both_losses(chromium: Browser, address: str, experiment: str) -> None:
    below = f"{views.address(experiment, views.RUNS)}&compareRunsMode=CHART"
    page = mlflow_page.opened(chromium, f"{address}/{below}", "Run Name")
    first = page.locator(".js-plotly-plot").first
    # one loss of the twelve runs is twelve lines
    first.locator(".scatterlayer .trace").nth(12).wait_for(state="attached")


def test_the_cells_view_shows_the_cells_alone(
    chromium: Browser, address: str, experiment: str, store: str
) -> None:
    parent = MlflowClient(store).search_runs([experiment], "tags.`perbatch.kind` = 'sweep'")[0].info.run_id
    row = {"cell": "M0008 lr0.1", "name": "M0008 lr0.1", "mode": "mini-batch", "cell/validation_loss": 0.25}
    rows = [row | {"seeds": seeds} for seeds in ("reported", "tuning")]
    own = locate(store, Path(store.removeprefix("sqlite:///")).parent)
    log_cells(own, own.experiment("digits"), parent, rows)
    for view in (views.CELLS, parent):
        page = mlflow_page.opened(chromium, f"{address}/{views.address(experiment, view)}", "Run Name")
        page.get_by_text("M0008 lr0.1 reported", exact=True).first.wait_for()
        assert page.get_by_text("M0008 lr0.1 tuning").count() == 0
        assert page.get_by_text("M0008 lr0.1 s00 epochs=3").count() == 0


def test_the_address_of_the_report_opens_it(
    chromium: Browser, address: str, experiment: str, store: str, tmp_path: Path
) -> None:
    client = MlflowClient(store)
    parent = client.search_runs([experiment], "tags.`perbatch.kind` = 'sweep'")[0].info.run_id
    (tmp_path / "report.html").write_text("<h1>What came out</h1>")
    client.log_artifact(parent, str(tmp_path / "report.html"))
    below = views.artifact(experiment, parent, "report.html")
    page = mlflow_page.opened(chromium, f"{address}/{below}", "report.html")
    page.frame_locator("iframe").get_by_text("What came out").wait_for()


def test_a_run_shows_its_artifacts(chromium: Browser, address: str, experiment: str, store: str) -> None:
    member = MlflowClient(store).search_runs([experiment], "tags.`perbatch.kind` = 'run'", max_results=1)[0]
    page = mlflow_page.opened(
        chromium, f"{address}/#/experiments/{experiment}/runs/{member.info.run_id}/artifacts", "history.csv"
    )
    for name in ("theta.npy", "config.json"):
        page.get_by_text(name).first.wait_for()
    page.get_by_text("history.csv").first.click()
    page.get_by_text("presentations").first.wait_for()

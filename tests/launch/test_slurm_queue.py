"""What is said of SLURM's queue while SLURM does not answer."""

import logging
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from perbatch.launch import slurm_queue
from perbatch.launch.slurm_queue import Queue, QueuedJob


def test_a_silent_slurm_is_said_once_and_its_jobs_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "slurm.conf").write_text("Moon=1\n")  # squeue, where it is installed, fails
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm.conf"))
    monkeypatch.setattr(slurm_queue, "SILENT_SECONDS", 0.3)
    monkeypatch.setattr(slurm_queue, "POLL_SECONDS", 0.05)
    result = tmp_path / "result"
    timer = threading.Timer(1.5, result.touch)
    timer.start()
    start = time.monotonic()
    with caplog.at_level(logging.WARNING):
        job = QueuedJob(SimpleNamespace(job_id="1", paths=SimpleNamespace(result_pickle=result)))
        queue = Queue([job])
        while not job.over:
            queue.look()
    assert time.monotonic() - start > 1.4
    assert [record.message.partition(" for ")[0] for record in caplog.records] == [
        "SLURM has not answered squeue"
    ]

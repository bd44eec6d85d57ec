"""The sweep's parent: what is published there may be published again."""

from pathlib import Path

from perbatch.tracking import SweepLog, locate
from perbatch.tracking.sweep_log import tags_of


def test_publishing_again_replaces_what_was_there(tmp_path: Path) -> None:
    store = locate(None, tmp_path)
    log = SweepLog(store, store.experiment("digits"))
    log.start("sweep", tags_of(["a", "b"], 0, "dvc repro", {}))
    report, figures = tmp_path / "report.html", tmp_path / "figures"
    figures.mkdir()
    for words in ("first", "second"):
        report.write_text(words, encoding="utf-8")
        (figures / "losses.svg").write_text(f"<svg>{words}</svg>", encoding="utf-8")
        log.publish(f"The {words} answer.", [report], figures)
    again = SweepLog(store, log.experiment)
    assert again.find(["b", "a"])
    assert sorted(each.path for each in store.client.list_artifacts(log.id)) == ["figures", "report.html"]
    drawing = Path(store.client.download_artifacts(log.id, "figures/losses.svg"))
    assert drawing.read_text(encoding="utf-8") == "<svg>second</svg>"
    note = store.client.get_run(log.id).data.tags["mlflow.note.content"]
    assert "The second answer." in note
    assert "The first answer." not in note

from pathlib import Path

from perbatch.timing import processor


def test_the_model_of_the_first_processor_listed(tmp_path: Path) -> None:
    listing = tmp_path / "cpuinfo"
    listing.write_text(
        "processor\t: 0\nmodel\t\t: 17\nmodel name\t: Fast  CPU @ 3: GHz\n\nmodel name\t: Other\n"
    )
    assert processor._listed(listing).strip() == "Fast  CPU @ 3: GHz"


def test_a_processor_always_has_a_name(tmp_path: Path) -> None:
    assert processor._listed(tmp_path / "missing") == ""
    assert processor._asked("no-such-command-anywhere") == ""
    name = processor.processor_name()
    assert name and name == " ".join(name.split())

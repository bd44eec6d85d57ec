from xml.etree import ElementTree

from perbatch.report import write_figures
from planted import results_of, usual_runs

SVG = "{http://www.w3.org/2000/svg}"


def test_every_figure_is_a_file_that_needs_no_page(tmp_path):
    files = write_figures(results_of(usual_runs()), tmp_path / "figures")
    names = [path.stem for path in files]
    assert {"strip-repeat", "loss-updates", "rates-32", "target-seconds", "stability-raising"} <= set(names)
    assert len(set(names)) == len(names)
    for path in files:
        drawing = ElementTree.parse(path).getroot()
        title = drawing.find(f"{SVG}title")
        assert title is not None
        assert title.text
        used = {each.get("href")[1:] for each in drawing.iter(f"{SVG}use")}
        assert used <= {each.get("id") for each in drawing.iter()}


def test_a_file_carries_the_key_that_the_page_shows_once(tmp_path):
    write_figures(results_of(usual_runs()), tmp_path)
    for name in ("loss-updates", "loss-presentations"):
        assert ">mini-batch of 32<" in (tmp_path / f"{name}.svg").read_text(encoding="utf-8")

from xml.etree import ElementTree

from perbatch.report import statements, write_figures
from perbatch.report.page import render
from perbatch.report.page_figures import FIGURES, page_figures
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


def test_every_figure_of_the_list_stands_on_the_page_once_in_order_with_its_texts():
    results = results_of(usual_runs())
    drawn = page_figures(results)
    assert len(drawn) == len(FIGURES)
    page = render(results, statements(results)).replace("\u00a0", " ")
    shown = [figure for figure in FIGURES if drawn[figure.name]]
    assert len(shown) > 8
    places = [page.index(f'<figure id="figure-{figure.number}"') for figure in shown]
    assert places == sorted(places)
    assert page.count('<figure id="figure-') == len(shown)
    for figure, place in zip(shown, places, strict=True):
        text = page[place : page.index("</figure>", place)]
        assert "<figcaption></figcaption>" not in text
        for panel in drawn[figure.name].panels:
            assert panel.label
            assert panel.svg.replace("\u00a0", " ") in text

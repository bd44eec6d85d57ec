"""The report in a real browser: at both widths, in both colour schemes, by keyboard, without JavaScript."""

import csv
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from whole import write_whole_report

SVG = "{http://www.w3.org/2000/svg}"
PANELS = ".panel > svg"
CROSS = r"M[^ML]*L[^ML]*M[^ML]*L[^ML]*"


def test_it_opens_from_the_file_system_and_asks_for_nothing_else(open_page, report: Path) -> None:
    page = open_page()
    page.locator("input[value=updates]").check()
    assert page.complaints == []
    assert page.requests == [report.as_uri()]


def test_it_is_small_and_the_same_bytes_again(report: Path, tmp_path: Path) -> None:
    assert report.stat().st_size <= 1_500_000
    assert write_whole_report(tmp_path).read_bytes() == report.read_bytes()


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_only_tables_scroll_sideways(open_page, width: int) -> None:
    page = open_page(width)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll, svg'))"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
    )
    assert wide == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
def test_axe_finds_no_serious_fault(open_page, width: int, scheme: str) -> None:
    page = open_page(width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(page).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in serious] == []


def test_every_figure_says_what_it_shows(open_page) -> None:
    page = open_page()
    drawn = page.locator("svg:not([aria-hidden]):not(.view svg)").all()
    assert len(drawn) >= 25
    for figure in drawn:
        assert figure.get_attribute("role") == "img"
        assert re.search(r"\d", figure.get_attribute("aria-label"))
    for view in page.locator(".view").all():
        assert view.get_attribute("role") == "img"
        assert re.search(r"\d", view.get_attribute("aria-label"))


def test_without_javascript_every_figure_is_there_and_no_control(open_page) -> None:
    page = open_page(alive=0, java_script_enabled=False)
    for panel in page.locator(PANELS).all():
        box = panel.bounding_box()
        assert box["width"] > 200
        assert box["height"] > 40
    assert page.locator("#figure-2 .panel").count() == 4
    assert not page.locator(".controls").first.is_visible()
    assert not page.locator(".view").first.is_visible()


def test_print_has_the_drawn_panels_and_no_controls(open_page) -> None:
    page = open_page()
    assert not page.locator("#figure-2 .panel").first.is_visible()
    page.emulate_media(media="print")
    assert page.locator("#figure-2 .panel").first.is_visible()
    assert not page.locator(".view").first.is_visible()
    assert not page.locator(".controls").first.is_visible()


def test_claims_that_could_be_judged_come_before_undecided_ones(open_page) -> None:
    heads = open_page().locator(".study h3").all_inner_texts()
    found = [head.rpartition(": ")[2] for head in heads]
    order = ("reproduced", "not reproduced", "undecided")
    assert set(found) == set(order)
    assert found == sorted(found, key=order.index)


@pytest.mark.parametrize("settings", [{}, {"java_script_enabled": False, "alive": 0}])
def test_printing_gives_a_handout_of_two_sheets(open_page, settings: dict) -> None:
    page = open_page(**settings)
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == 2
    page.emulate_media(media="print")
    shown = page.locator("main > :visible").all()
    places = [each.get_attribute("id") or each.get_attribute("class") or "header" for each in shown]
    assert places == [
        *("header", "answers", "lesson-a", "figure-2", "figure-5a", "figure-6a", "handout small")
    ]
    assert page.locator("#lesson-a li:visible").count() == 12
    assert page.locator(".more:visible").count() == 0


def test_every_figure_can_be_taken_along_with_its_data(open_page) -> None:
    page = open_page()
    with page.expect_download() as download:
        page.locator("#figure-4 .take button", has_text="SVG").click()
    assert download.value.url.startswith("blob:")
    assert download.value.suggested_filename == "figure-4.svg"
    # A browser stops a page that saves dozens of files: from here on they are read as they are made.
    page.evaluate(
        "window.made = []; URL.createObjectURL = (blob) => (made.push(blob), '#');"
        "HTMLAnchorElement.prototype.click = function () { made.at(-1).file = this.download; }; 0"
    )
    page.evaluate("document.querySelectorAll('.take button').forEach((each) => each.click())")
    files = dict(
        page.evaluate("Promise.all(made.map((blob) => blob.text().then((text) => [blob.file, text])))")
    )
    assert len(files) == 2 * page.locator("main figure").count() >= 40
    for name, text in files.items():
        if name.endswith(".csv"):
            head, first = text.splitlines()[:2]
            assert len(next(csv.reader([head]))) == len(next(csv.reader([first]))) > 1, name
            assert re.search(r"\d", first), name
        else:
            drawing = ElementTree.fromstring(text)
            used = {each.get("href")[1:] for each in drawing.iter(f"{SVG}use")}
            assert used <= {each.get("id") for each in drawing.iter()}, name
            assert float(drawing.get("height")) > 100
    assert page.complaints == []


def test_a_words_meaning_shows_by_pointer_tap_and_keyboard_and_is_shut(open_page) -> None:
    page = open_page(320, has_touch=True)
    word = page.locator(".answers .term").first
    style = "e => { const s = getComputedStyle(e, '::after'); return [s.content, s.position].join(); }"
    assert word.evaluate(style).startswith("none")
    for show in (word.hover, word.tap, word.focus):
        show()
        assert "which way, and how strongly" in word.evaluate(style)
        page.keyboard.press("Escape")
        assert word.evaluate(style).startswith("none")
        page.mouse.move(0, 0)
        page.evaluate("document.activeElement.blur()")
    meaning = page.locator(f"#{word.get_attribute('aria-describedby')} + dd")
    assert meaning.inner_text() == word.get_attribute("data-meaning")
    for each in page.locator(".term:visible").all():
        each.focus()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_axis_is_chosen_by_keyboard(open_page) -> None:
    page = open_page()
    titles = "[...document.querySelectorAll('#figure-2 .view text')].map(e => e.textContent)"
    assert "presentations (examples shown)" in page.evaluate(titles)
    label = page.locator("#figure-2 .view").get_attribute("aria-label")
    page.locator("input[value=presentations]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{titles}.includes('updates')")
    assert page.locator("#figure-2 .view").get_attribute("aria-label") != label


def test_the_rate_is_chosen_by_keyboard_and_diverged_runs_are_on_the_rail(open_page) -> None:
    page = open_page()
    figure = page.locator("#figure-3a")
    slider = figure.locator("input[type=range]")
    slider.focus()
    page.keyboard.press("Home")
    assert figure.locator("output").text_content() == "0.1"
    lines = "[...document.querySelectorAll('#figure-3a .view path')].map(e => e.getAttribute('d')).join()"
    before = page.evaluate(lines)
    page.keyboard.press("End")
    assert figure.locator("output").text_content() == "3"
    assert slider.get_attribute("aria-valuetext") == "3"
    said = figure.locator(".said").text_content()
    assert "stochastic diverges (6 of 6 diverged)" in said
    page.wait_for_function(f"{lines} !== {before!r}")
    drawn = [path.get_attribute("d") or "" for path in figure.locator(".view path").all()]
    assert len([each for each in drawn if re.fullmatch(CROSS, each)]) == 6 * said.count("6 of 6 diverged")
    figure.locator("button").first.focus()
    page.keyboard.press("Enter")
    assert figure.locator("output").text_content() == "0.1"
    assert figure.locator("button").first.get_attribute("aria-pressed") == "true"


def test_tab_reaches_every_control_and_shows_where_it_is(open_page) -> None:
    page = open_page()
    wanted = page.evaluate(
        "[...document.querySelectorAll('a, button, summary, select, input[type=range], input:checked,"
        ' [tabindex="0"]\')]'
        ".filter(e => e.checkVisibility()).map((e, i) => e.dataset.place = i).length"
    )
    seen = set()
    for _ in range(wanted):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate(
                "(() => { const e = document.activeElement;"
                " const shown = e.type === 'radio' ? e.nextElementSibling : e;"
                " return [e.dataset.place, getComputedStyle(shown).outlineStyle].join('|'); })()"
            )
        )
    assert len(seen) == wanted
    assert all(each.endswith("|solid") for each in seen)


def test_it_lives_in_a_frame_without_storage_or_siblings(open_page, report: Path, tmp_path: Path) -> None:
    """As MLflow shows it."""
    frame = tmp_path / "frame.html"
    page = report.read_text(encoding="utf-8").replace("&", "&amp;").replace('"', "&quot;")
    frame.write_text(
        f'<!doctype html><iframe sandbox="allow-scripts" width="900" height="900" srcdoc="{page}"></iframe>',
        encoding="utf-8",
    )
    opened = open_page(path=frame, alive=0)
    opened.frames[1].wait_for_function("document.querySelectorAll('.alive').length === 2")
    assert opened.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_in_figures_stand_out_from_the_page(open_page, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    ground = _luminance(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    for place in (".view text", ".panel text"):
        inks = page.evaluate(
            f"[...new Set([...document.querySelectorAll('{place}')].map(e => getComputedStyle(e).fill))]"
        )
        assert inks
        for ink in inks:
            light, dark = sorted((_luminance(ink), ground), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (place, ink)


def test_words_in_figures_can_be_read_on_a_telephone(open_page) -> None:
    page = open_page(390)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    heights = page.evaluate(
        "[...document.querySelectorAll('svg text')].filter(e => e.checkVisibility() && e.textContent.trim())"
        ".map(e => [e.getBoundingClientRect(), e])"
        ".map(([box, e]) => [Math.min(box.width, box.height), e.textContent,"
        " e.closest('figure, section')?.id ?? ''])"
    )
    assert len(heights) > 100
    assert [each for each in heights if each[0] < 9 and len(each[1]) > 1] == []


def test_a_regression_has_the_same_page(open_page, tmp_path: Path) -> None:
    page = open_page(path=write_whole_report(tmp_path, regression=True))
    assert "accuracy" not in page.locator("main").inner_text().lower()
    assert page.locator("#figure-4 svg[aria-label^='Test r²' i]").count() == 1
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["updates", "curves", "peers"])
def test_the_pictures_of_the_readme_are_whole_and_can_be_read(open_page, name: str, scheme: str) -> None:
    picture = Path(__file__).resolve().parents[2] / "docs" / "pictures" / f"{name}.svg"
    page = open_page(path=picture, alive=0, color_scheme=scheme)
    cut = page.evaluate(
        "(() => { const all = document.documentElement.getBoundingClientRect();"
        " return [...document.querySelectorAll('text')].filter(e => e.textContent.trim())"
        ".filter(e => { const box = e.getBoundingClientRect();"
        " return Math.min(box.left - all.left, all.right - box.right, box.top - all.top,"
        " all.bottom - box.bottom) < 0; })"
        ".map(e => e.textContent); })()"
    )
    assert cut == []
    ground = _luminance({"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme])
    inks = page.evaluate("[...document.querySelectorAll('text')].map(e => getComputedStyle(e).fill)")
    for ink in set(inks):
        light, dark = sorted((_luminance(ink), ground), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, ink


def _luminance(colour: str) -> float:
    """Relative luminance of `rgb(r, g, b)`, as WCAG 2 defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b

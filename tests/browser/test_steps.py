"""The figure that plays one step: a frame at a time, by button, by keyboard and by itself."""

from pathlib import Path

import pytest

FRAME = "#lesson-a li:visible"


@pytest.fixture
def play(open_page):
    page = open_page()
    assert page.locator(FRAME).count() == 1
    return page


def place(page) -> str:
    return page.locator("#lesson-a output").text_content()


def test_gradients_pile_up_until_the_update_fires(play) -> None:
    step = play.locator("[data-deed=step]")
    for waiting in range(1, 5):
        step.click()
        assert f"{waiting} of 4" in play.locator(FRAME).inner_text()
    step.click()
    assert "the weights move by the average of the 4 arrows" in play.locator(FRAME).inner_text()
    assert place(play) == "step 5 of 10"
    play.locator("[data-deed=back]").click()
    assert place(play) == "step 4 of 10"


@pytest.mark.parametrize(
    ("mode", "last"), [(0, "8 updates"), (1, "2 updates"), (2, "1 update."), (3, "4 updates")]
)
def test_each_mode_is_chosen_and_stepped_through_by_keyboard(play, mode: int, last: str) -> None:
    play.locator("#lesson-a input:checked").focus()
    for _ in range((mode - 1) % 4):
        play.keyboard.press("ArrowRight")
    assert place(play).startswith("step 0 of ")
    play.locator("[data-deed=step]").focus()
    for _ in range(int(place(play).split()[-1])):
        play.keyboard.press("Enter")
    assert last in play.locator(FRAME).inner_text()
    assert "The pass is over: " in play.locator(FRAME).inner_text()
    ends = [play.locator(f"[data-deed={name}]").get_attribute("aria-disabled") for name in ("back", "step")]
    assert ends == ["false", "true"]
    assert play.locator("[data-deed=step]").evaluate("e => e === document.activeElement")


def test_it_plays_pauses_and_is_read_out_only_when_it_stands(play) -> None:
    button, frames = play.locator("[data-deed=play]"), play.locator("#lesson-a .reels")
    assert frames.get_attribute("aria-live") == "polite"
    button.click()
    assert (button.inner_text(), frames.get_attribute("aria-live")) == ("Pause", "off")
    play.wait_for_function("document.querySelector('#lesson-a output').value !== 'step 0 of 10'")
    button.click()
    assert (button.inner_text(), frames.get_attribute("aria-live")) == ("Play", "polite")


def test_without_javascript_the_strip_stands(open_page, report: Path) -> None:
    page = open_page(320, alive=0, java_script_enabled=False)
    assert page.locator(FRAME).count() == 12
    assert not page.locator("#lesson-a .player").is_visible()
    assert page.locator("#lesson-b [data-part=points]").is_visible()
    assert not page.locator("#lesson-b select").first.is_visible()
    for frame in page.locator(f"{FRAME} > svg").all():
        assert frame.bounding_box()["width"] > 200

"""What a figure of the page is: registered as a `Figure`, drawn as a `Drawing`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from perbatch.analysis.results import Results
from perbatch.report.figures.svg import Key, Panel


@dataclass(frozen=True)
class Live:
    """A Vega specification without data, its data sets as columns, and what else its script needs."""

    spec: dict[str, Any]
    data: dict[str, dict[str, list[Any]]]
    wiring: dict[str, Any]


@dataclass(frozen=True)
class Drawing:
    """Panels, and the key that they share; falsy without panels.

    `live` is the figure that a script puts in the panels' place. `beside` are a name and a sentence that
    stand left of each panel. `values` are what the figure's own texts need.
    """

    panels: Sequence[Panel] = ()
    keys: Sequence[Key] = ()
    live: Live | None = None
    beside: Sequence[tuple[str, str]] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to draw."""
        return bool(self.panels)

    @property
    def data(self) -> str:
        """What the panels draw, as CSV with the panel's name first; a table of its own for other columns."""
        return stacked({panel.name: panel.data for panel in self.panels if panel.data})


@dataclass(frozen=True)
class Figure:
    """A figure of the page: its name, its number, the place where it stands, its texts and its drawing.

    A template shows all figures of a place by `figures_at("PLACE")`. Title, caption and `controls` are
    templates; they know what the page knows, and the drawing's `values`. A drawing may be falsy: then the
    data have nothing to show. Each panel carries its alternative text. `size` says how many panels stand
    side by side; `controls` are hidden until a script livens the figure.
    """

    name: str
    number: str
    place: str
    title: str
    caption: str
    draw: Callable[[Results], Drawing]
    size: str = ""
    controls: str = ""


def stacked(tables: Mapping[str, str]) -> str:
    """Return tables of CSV as one, each row behind the name of its table; other columns begin a new block."""
    blocks: dict[str, list[str]] = {}
    for name, table in tables.items():
        head, *rows = table.splitlines()
        blocks.setdefault(head, []).extend(f"{name},{row}" for row in rows)
    return "\n\n".join("\n".join([f"panel,{head}", *rows]) for head, rows in blocks.items())


def single(*panels: Panel | None) -> Drawing:
    """Return the drawing of panels with keys of their own, those left out that have nothing to show."""
    return Drawing([panel for panel in panels if panel is not None])

"""Which rooms of the library import which: arrows go one way, and no module imports itself in a circle."""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import house

LIBRARY = Path(__file__).resolve().parents[1] / "src" / "perbatch"
GROUND = {"advice", "checks", "columns", "errors", "files", "fingerprint", "overrides", "stages"}
ROOMS = {
    "backprop": {"fingerprint"},  # of the compiled code that is kept
    "data": GROUND,
    "tracking": GROUND,
    "timing": GROUND | {"backprop"},
    "runs": GROUND | {"backprop", "data"},
    "launch": GROUND | {"runs"},
    "sweep": GROUND | {"backprop", "data", "launch", "runs", "tracking"},
    "analysis": GROUND,
    "search": GROUND | {"analysis", "runs", "sweep"},
    "claims": GROUND | {"analysis"},
    "report": GROUND | {"analysis", "claims", "backprop"},  # the lessons compute as runs do
}
"""Each room, and what it may import beside itself."""

DOORS = {"__main__", "api"}
"""How users come in: as a script of the pipeline it may import every room, and none imports it."""

FOREIGN = {
    "hydra": {"search", "sweep", "launch"},
    "optuna": {"search"},
    "mlflow": {"sweep", "tracking"},
    "dvc": set(),
}
"""Tools, and the rooms that may import them."""


def imports(path: Path) -> set[str]:
    """The modules that a file imports, those inside its functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


FILES = {path: imports(path) for path in sorted(LIBRARY.rglob("*.py"))}


def test_every_part_of_the_library_is_a_room_or_the_ground() -> None:
    assert {room_of(path) for path in FILES} == {*ROOMS, *GROUND, *DOORS, "__init__"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    for path, imported in FILES.items():
        if room_of(path) == room:
            ours = {name.split(".")[1] for name in imported if name.startswith("perbatch.")}
            assert ours - {room, "__version__"} <= ROOMS[room], path
            tools = {name.split(".")[0] for name in imported} & FOREIGN.keys()
            assert all(room in FOREIGN[tool] for tool in tools), path


def test_the_ground_imports_no_room() -> None:
    for path, imported in FILES.items():
        if room_of(path) in GROUND:
            ours = {name.split(".")[1] for name in imported if name.startswith("perbatch.")}
            assert ours <= GROUND, path


def test_the_picture_shows_the_arrows_that_are() -> None:
    assert house.PICTURE.read_text(encoding="utf-8") == house.svg()
    assert all(others <= ROOMS[room] for room, others in house.arrows().items())


def test_no_room_imports_a_door() -> None:
    for path, imported in FILES.items():
        if room_of(path) not in {*DOORS, "__init__"}:
            assert not {name.split(".")[1] for name in imported if name.startswith("perbatch.")} & DOORS, path


def test_no_script_imports_another() -> None:
    scripts = {path.stem: imports(path) for path in (LIBRARY.parents[1] / "pipelines").glob("*.py")}
    for name, imported in scripts.items():
        others = scripts.keys() - {name, "checkout"}
        assert not {module.split(".")[0] for module in imported} & others, name


def test_no_module_imports_itself_in_a_circle() -> None:
    known = {
        ".".join(["perbatch", *path.relative_to(LIBRARY).with_suffix("").parts]).removesuffix(
            ".__init__"
        ): path
        for path in FILES
    }
    graph = {
        name: {
            module
            for full in at_import(path)
            for module in (full, full.rpartition(".")[0])
            if module in known and module != name and "__init__" not in known[module].name
        }
        for name, path in known.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError


def at_import(path: Path) -> set[str]:
    """What a file imports when it is itself imported."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found

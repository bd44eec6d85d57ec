"""The picture of the library's rooms and of who imports whom, docs/pictures/house.svg, made from the code."""

import argparse
import ast
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "src" / "perbatch"
PICTURE = ROOT / "docs" / "pictures" / "house.svg"
WIDTH, HEIGHT, GAP, STEP = 116, 40, 24, 92


def rooms() -> dict[str, str]:
    """Return the packages of the library, with what each says of itself in its first line."""
    packages = sorted(LIBRARY.glob("*/__init__.py"))
    trees = {path.parent.name: ast.parse(path.read_text(encoding="utf-8")) for path in packages}
    return {room: (ast.get_docstring(tree) or "").partition("\n")[0] for room, tree in trees.items()}


def arrows() -> dict[str, set[str]]:
    """Return the rooms that each room imports."""
    return {
        room: {
            other
            for path in (LIBRARY / room).rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
            for name in [f"{node.module}.{alias.name}" for alias in node.names]
            for other in rooms()
            if other != room and f"{name}.".startswith(f"perbatch.{other}.")
        }
        for room in rooms()
    }


def drawn(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the arrows without those that follow from others."""

    def below(room: str) -> set[str]:
        return found[room].union(*(below(other) for other in found[room]))

    return {
        room: {other for other in others if not any(other in below(each) for each in others - {other})}
        for room, others in found.items()
    }


def svg() -> str:
    """Return the picture: a row for each level, an arrow down to what a room imports."""
    found = drawn(arrows())

    def level(room: str) -> int:
        return 1 + max((level(other) for other in found[room]), default=-1)

    rows = [[room for room in found if level(room) == depth] for depth in range(max(map(level, found)) + 1)]
    rows.append(["pipelines"])
    found["pipelines"] = {room for room in rooms() if not any(room in others for others in found.values())}
    width = max(map(len, rows)) * (WIDTH + GAP) + GAP
    height = len(rows) * STEP + GAP
    place = {
        room: (
            (width - len(row) * (WIDTH + GAP) + GAP) / 2 + column * (WIDTH + GAP),
            height - STEP * (depth + 1),
        )
        for depth, row in enumerate(rows)
        for column, room in enumerate(row)
    }
    lines = [
        f'<line x1="{place[room][0] + WIDTH / 2:g}" y1="{place[room][1] + HEIGHT:g}" '
        f'x2="{place[other][0] + WIDTH / 2:g}" y2="{place[other][1] - 4:g}" marker-end="url(#head)"/>'
        for room in place
        for other in sorted(found[room])
    ]
    boxes = [
        f"<g><title>{escape(rooms().get(room, 'one script per stage'))}</title>"
        f'<rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="5"/>'
        f'<text x="{x + WIDTH / 2:g}" y="{y + HEIGHT / 2 + 5:g}">{room}</text></g>'
        for room, (x, y) in place.items()
    ]
    style = (
        "rect{fill:#eceff1;stroke:#546e7a}line{stroke:#78909c;stroke-width:1.3}"
        "text{font:15px sans-serif;text-anchor:middle;fill:#263238}path{fill:#78909c}"
    )
    head = '<marker id="head" markerWidth="8" markerHeight="8" refX="6" refY="3" orient="auto">'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            "<title>The rooms of the library; an arrow leads to what a room imports</title>",
            f'<style>{style}</style><defs>{head}<path d="M0,0 L6,3 L0,6 z"/></marker></defs>',
            *lines,
            *boxes,
            "</svg>",
            "",
        ]
    )


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    PICTURE.write_text(svg(), encoding="utf-8")

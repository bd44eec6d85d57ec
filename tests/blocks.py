"""The blocks of a page that a reader carries out: commands, files to write or change, servers to start."""

import re
from dataclasses import dataclass
from pathlib import Path

from omegaconf import OmegaConf

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$(?:\n\n<!-- test: the block above (.*?) -->)?", re.M | re.S)
TITLE = re.compile(r'title="([^"]+)"')
SERVER = re.compile(r"is a server that answers (\S+)")
NOT_RUN = "is not run: "


@dataclass(frozen=True)
class Block:
    """`language`, `text`, the `title` (a file) if any, and what the comment below says of the block."""

    language: str
    text: str
    title: str
    said: str

    @property
    def answers(self) -> str:
        """The address at which the server that the block starts answers; empty if it is none."""
        found = SERVER.fullmatch(self.said)
        return found[1] if found else ""

    @property
    def reason(self) -> str:
        """Why the block is not run; empty if it is."""
        return self.said.removeprefix(NOT_RUN) if self.said.startswith(NOT_RUN) else ""


def pages() -> list[Path]:
    """Return all pages that readers follow."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """Return a page's blocks of commands, and of files that are named."""
    found = []
    for language, settings, text, said in FENCE.findall(page.read_text(encoding="utf-8")):
        title = TITLE.search(settings)
        if language in ("bash", "console", "diff") or title:
            found.append(Block(language, text, title[1] if title else "", said))
    return found


def write(block: Block, root: Path) -> None:
    """Make the file that the block names; a YAML file that is there already gets the block's keys."""
    path = root / block.title
    if path.suffix == ".yaml" and path.is_file():
        merged = OmegaConf.merge(OmegaConf.load(path), OmegaConf.create(block.text))
        OmegaConf.save(merged, path)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")

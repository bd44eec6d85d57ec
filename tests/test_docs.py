"""What the pages say is done, word by word, in a copy of the repository with a tiny grid.

Every page starts from what `make` left behind, as its readers do; README and tutorial make it themselves.
"""

import ast
import csv
import dataclasses
import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import pytest
from hydra.core.config_store import ConfigStore
from hydra_plugins.hydra_joblib_launcher.config import JobLibLauncherConf
from omegaconf import OmegaConf

import hydra_plugins.perbatch_sweeper  # noqa: F401  (registers the sweeper's settings)
from blocks import NOT_RUN, ROOT, Block, blocks, pages, write
from copies import copy_repository, environment, git, run
from notebook import CELLS, NOTEBOOK, program
from perbatch import analysis, api, backprop, claims, data, report, timing, tracking
from perbatch.runs.schema import Condition, Study
from servers import free_port, started

sys.path.insert(0, str(ROOT / "tools"))

import config_reference

FROM_THE_START = ("README.md", "tutorial.md")
ON_A_CLUSTER = "scaling.md"  # its blocks are run in tests/cluster/


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which the pipeline was run, and its benchmark shrunk."""
    root = tmp_path_factory.mktemp("made") / "perbatch"
    fresh(root)
    run(root, "make", "repro")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "made")
    return root


def fresh(root: Path) -> None:
    copy_repository(root)
    params = OmegaConf.load(root / "params.yaml")
    params.benchmark.repeats = 5
    params.evaluate.target.digits = [0.5]  # the tiny grid's three epochs reach it
    OmegaConf.save(params, root / "params.yaml")
    git(root, "commit", "-qam", "a quick benchmark")
    # The environment of these tests stands in for the one that `make env` would make anew.
    (root / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        (root / ".venv" / part.name).symlink_to(part)
    (root / ".venv" / ".installed").unlink(missing_ok=True)
    (root / ".venv" / ".installed").touch()


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [page for page in pages() if blocks(page) and page.name != ON_A_CLUSTER],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_every_block_of_a_page_works(page: Path, made: Path, tmp_path: Path) -> None:
    root = tmp_path / "perbatch"
    if page.name in FROM_THE_START:
        fresh(root)
    else:
        shutil.copytree(made, root, symlinks=True)
    carry_out_all(page, root)


@pytest.mark.slow
def test_the_setup_of_a_contributor_works_in_one_shell(tmp_path: Path) -> None:
    fresh(tmp_path / "perbatch")
    first = next(block for block in blocks(ROOT / "CONTRIBUTING.md") if block.language == "bash")
    folder = str(Path(sys.executable).parent)
    others = [part for part in environment()["PATH"].split(os.pathsep) if part != folder]
    done = run(tmp_path / "perbatch", "env", f"PATH={os.pathsep.join(others)}", "bash", "-euc", first.text)
    assert "pre-commit installed at" in done.stdout


def test_the_notebook_holds_no_outputs_and_explains_each_piece_of_code() -> None:
    kinds = [cell["cell_type"] for cell in CELLS]
    assert kinds == len(kinds) // 2 * ["markdown", "code"]
    code = [cell for cell in CELLS if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert {"load", "run"} <= {
        node.attr
        for node in ast.walk(ast.parse(program()))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "perbatch"
    }


@pytest.mark.slow
def test_every_cell_of_the_notebook_works(made: Path, tmp_path: Path) -> None:
    root = tmp_path / "perbatch"
    shutil.copytree(made, root, symlinks=True)
    (tmp_path / "notebook.py").write_text(program(), encoding="utf-8")
    place = root / NOTEBOOK.parent.relative_to(ROOT)  # where Jupyter begins
    done = shell(f"cd {place} && python {tmp_path}/notebook.py", root)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("shown: ") == sum(cell["cell_type"] == "code" for cell in CELLS)
    assert "<svg" in done.stdout, "the figure is drawn here"


def carry_out_all(page: Path, root: Path) -> None:
    """Do what the blocks of a page say, one after the other."""
    with ExitStack() as servers:
        ports: dict[str, str] = {}
        for block in blocks(page):
            if not block.reason:
                carry_out(block, root, servers, ports)


def carry_out(block: Block, root: Path, servers: ExitStack, ports: dict[str, str]) -> None:
    """Do what a block says. Servers get a free port in place of the page's, and run until the page's end."""
    if block.title and block.language not in ("bash", "diff"):
        write(block, root)
        return
    if block.language == "diff":
        done = apply(block, root)
    elif block.answers:
        port = re.search(r":(\d+)/", block.answers)[1]  # type: ignore[index]
        ports[port] = str(free_port())
        command, answers = (text.replace(port, ports[port]) for text in (block.text, block.answers))
        free = f"export UI_PORT={ports[port]} SERVER_PORT={ports[port]}\n"
        servers.enter_context(started(root, free + command, answers))
        return
    else:
        text = block.text
        for port, free in ports.items():
            text = text.replace(f":{port}", f":{free}")
        done = shell(text, root)
    assert done.returncode == 0, f"{block.text}\nended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    for line in block.text.splitlines():
        if line.startswith("dvc exp show "):
            shows_numbers(shell(f"{line} --csv", root).stdout)


def shows_numbers(table: str) -> None:
    """Assert that a table of variants has at least one metric of each, beside the number of its runs."""
    rows = [row for row in csv.DictReader(table.splitlines()) if row["Experiment"]]
    assert len(rows) == 2, table
    for row in rows:
        metrics = [key for key in row if "." not in key and key not in ("Experiment", "runs")]
        assert any(row[key] for key in metrics), table


def shell(text: str, root: Path) -> subprocess.CompletedProcess[str]:
    # What a failing block has started in the background would keep its output open.
    ended = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", ended + text],
        cwd=root,
        # The environment is installed from another checkout; the copy's own is what its reader would have.
        env=environment() | {"PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        timeout=3000,  # a guard, not a limit: three stages on a busy machine
        stdin=subprocess.DEVNULL,
    )


def apply(block: Block, root: Path) -> subprocess.CompletedProcess[str]:
    patch = root / "page.patch"
    patch.write_text(block.text, encoding="utf-8")
    return shell("git apply page.patch && rm page.patch", root)


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    left_out = [
        (page.name, block.text.splitlines()[0].partition("  ")[0])
        for page in pages()
        for block in blocks(page)
        if block.reason
    ]
    assert left_out == [
        ("README.md", "make test"),
        ("CONTRIBUTING.md", "make test-all"),
        (
            "scaling.md",
            "python3 -m venv /opt/mlflow && /opt/mlflow/bin/pip install "
            "'mlflow[auth]==3.17.*' psycopg2-binary 'sqlalchemy<2.1'",
        ),
        ("scaling.md", "sudo -u postgres createuser --pwprompt mlflow"),
        (
            "scaling.md",
            "curl -u admin -H 'Content-Type: application/json' "
            "https://mlflow.example.org/api/2.0/mlflow/users/create \\",
        ),
        (
            "scaling.md",
            "for name in mlflow accounts; do pg_dump -h 127.0.0.1 -U mlflow "
            "--format=custom --file=$name.dump $name; done",
        ),
        ("scaling.md", "dvc remote add --default lab ssh://me@lab.example.org/srv/perbatch"),
        ("scaling.md", "git clone ADDRESS perbatch && cd perbatch && make env && source .venv/bin/activate"),
        ("studies.md", "python pipelines/train.py -m experiment=steps_to_target dry_run=true"),
    ]
    said = [block.said for page in pages() for block in blocks(page) if block.said]
    assert all(text.startswith(NOT_RUN) or text.startswith("is a server that answers ") for text in said)


def test_every_fence_says_what_it_holds_so_that_no_command_escapes() -> None:
    for page in pages():
        opening = re.findall(r"^```(\w*)[^\n]*\n.*?^```$", page.read_text(encoding="utf-8"), re.M | re.S)
        assert set(opening) <= {"bash", "python", "yaml", "diff", "text", "ini"}, page.name


def test_every_key_has_a_meaning_and_a_type() -> None:
    for key, (kind, _, _, meaning) in config_reference.run_keys().items():
        assert kind and meaning, key
    for key, _, meaning in config_reference.params_keys():
        assert meaning, key


def test_the_reference_follows_the_defaults_of_the_config() -> None:
    defaults = OmegaConf.load(ROOT / "conf" / "config.yaml").defaults
    chosen = {
        f"{group}/{option}"
        for entry in defaults
        if not isinstance(entry, str)
        for group, option in entry.items()
    }
    assert set(config_reference.DEFAULTS) <= chosen
    options = {option.partition("/")[0] for option in config_reference.DEFAULTS}
    groups = {path.name for path in (ROOT / "conf").iterdir() if path.is_dir()}
    assert options == groups - {"experiment", "hydra", "search"}


def test_the_reference_has_the_sweepers_settings_and_their_defaults() -> None:
    page = (ROOT / "docs" / "reference" / "config.md").read_text(encoding="utf-8")
    node = ConfigStore.instance().load("hydra/sweeper/perbatch.yaml").node
    settings = {key: value for key, value in node.items() if key not in ("_target_", "search")}
    settings |= {f"search.{key}": value for key, value in node["search"].items()}
    told = dict(re.findall(r"^\| `hydra\.sweeper\.([\w.]+)` \| `(\w+)` \|", page, re.M))
    assert told == {key: "null" if value is None else str(value) for key, value in settings.items()}


def test_the_reference_has_the_launchers_processes_and_their_default() -> None:
    page = (ROOT / "docs" / "reference" / "config.md").read_text(encoding="utf-8")
    told = re.search(r"^\| `hydra\.launcher\.n_jobs` \| `(\S+)` \|", page, re.M)
    assert told is not None
    assert told[1] == str(JobLibLauncherConf().n_jobs)


def test_the_reference_has_the_retries_that_the_code_sets() -> None:
    page = (ROOT / "docs" / "reference" / "config.md").read_text(encoding="utf-8")
    code = Path(tracking.__file__).read_text(encoding="utf-8")
    set_here = re.findall(r'setdefault\("(MLFLOW_HTTP_\w+)", "(\d+)"\)', code)
    assert set_here
    for name, value in set_here:
        assert re.search(rf"^\| `{name}` \| .*; here `{value}` where", page, re.M), name


def test_every_option_is_described_in_words_and_not_by_its_commands() -> None:
    text = config_reference.text()
    section = re.search(r"^## Options of the groups\n(.*?)^## ", text, re.M | re.S)
    assert section is not None
    rows = re.findall(r"^\| `\w+=\w+` \| (.*) \|$", section[1], re.M)
    assert len(rows) == len(list((ROOT / "conf").glob("*/*.yaml")))
    for row in rows:
        assert row.strip() and "python " not in row, row


def test_the_page_of_studies_has_every_key_of_a_study() -> None:
    page = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
    section = page.partition("## The keys of `study:`")[2]
    table = re.findall(r"^\| (`.*?) \| (.*) \|$", section.partition("\n\nA contender")[0], re.M)
    keys = [key for cell, _ in table for key in re.findall(r"`(\w+)`", cell)]
    assert sorted(keys) == sorted(field.name for field in dataclasses.fields(Study))
    of_a_condition = next(meaning for cell, meaning in table if cell == "`conditions`")
    told = re.findall(r"`(\w+)`", of_a_condition)
    assert sorted(told) == sorted(field.name for field in dataclasses.fields(Condition))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with warnings as errors."""
    folder = tmp_path_factory.mktemp("site")
    build(ROOT, folder)
    return folder


def build(root: Path, site: Path, status: int = 0) -> str:
    """Build the site of `root` with the command of `make docs`, return what it says."""
    recipe = re.search(r"^docs: .*\n\t(.*)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert recipe is not None
    return run(root, "bash", "-c", f"{recipe[1]} --site-dir {site}", status=status).stderr


@pytest.mark.slow
@pytest.mark.parametrize(("target", "status"), [("tutorial.md", 0), ("../benchmarks/none.md", 1), ("#no", 1)])
def test_a_dead_link_fails_the_site(target: str, status: int, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    for name in ("src", "conf", "params.yaml", "tools"):
        (tmp_path / name).symlink_to(ROOT / name)
    with (tmp_path / "docs" / "index.md").open("a", encoding="utf-8") as page:
        page.write(f"\n[more]({target})\n")
    said = build(tmp_path, tmp_path / "site", status)
    assert (target in said) == (status == 1)


def test_the_site_asks_for_nothing_from_elsewhere(site: Path) -> None:
    loaded = re.compile(r'<(?:script|img|iframe|link)\b[^>]*?(?:src|href)="(https?://[^"]+)"')
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert not loaded.findall(html), page.name
        assert "mermaid" not in html, "the theme would fetch its script"


def test_formulas_are_drawn_without_a_script(site: Path) -> None:
    html = (site / "explanation" / "mathematics.html").read_text(encoding="utf-8")
    source = (ROOT / "docs" / "explanation" / "mathematics.md").read_text(encoding="utf-8")
    assert html.count("<math") == len(re.findall(r"\$\$.+?\$\$|(?<!\$)\$[^$]+?\$", source, re.DOTALL))
    assert "arithmatex" not in html


@pytest.mark.parametrize(
    "package",
    [analysis, backprop, claims, data, report, timing, tracking],
    ids=lambda package: package.__name__,
)
def test_the_reference_has_every_public_name(package: ModuleType, site: Path) -> None:
    html = (site / "reference" / "library.html").read_text(encoding="utf-8")
    for name in package.__all__:
        assert re.search(rf'id="{package.__name__}\.(\w+\.)?{name}"', html), name


def test_the_reference_has_the_names_for_python(site: Path) -> None:
    html = (site / "reference" / "library.html").read_text(encoding="utf-8")
    defined = [value for value in vars(api).values() if getattr(value, "__module__", "") == api.__name__]
    public = [value.__qualname__ for value in defined if not value.__qualname__.startswith("_")]
    public += [f"{owner.__name__}.{name}" for owner in (api.Results, api.Trained) for name in vars(owner)]
    assert {"load", "run", "Results", "Trained", "Results.runs", "Trained.predict"} <= set(public)
    for name in public:
        if "._" not in name:
            assert f'id="perbatch.api.{name}"' in html, name


def test_every_page_is_in_the_site_and_the_keys_are_in_it(site: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        assert (site / page.relative_to(ROOT / "docs")).with_suffix(".html").is_file()
    html = (site / "reference" / "config.html").read_text(encoding="utf-8")
    assert all(f"<code>{key}</code>" in html for key in config_reference.run_keys())

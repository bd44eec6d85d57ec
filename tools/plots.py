"""`make plots REVS="A B"`: DVC's plots of commits or experiments, as one page that needs no network.

DVC's own page loads Vega from a server. Without REVS it shows the results as they are in the workspace.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import vl_convert

ROOT = Path(__file__).resolve().parents[1]
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>DVC's plots</title>
<script>
{bundle}
</script>
</head>
<body>
{plot_divs}
</body>
</html>
"""


def main(revisions: list[str]) -> int:
    """Write dvc_plots/index.html and return DVC's exit code."""
    template = ROOT / ".dvc" / "tmp" / "offline.html"
    template.parent.mkdir(exist_ok=True)
    template.write_text(PAGE.replace("{bundle}", vl_convert.javascript_bundle()), encoding="utf-8")
    command = ["diff", *revisions] if revisions else ["show"]
    plots = ["dvc", "plots", *command, "--html-template", str(template)]
    return subprocess.run(plots, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revisions", nargs="*", help="commits or experiments to compare")
    sys.exit(main(parser.parse_args().revisions))

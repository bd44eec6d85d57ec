"""The processor's name, which belongs beside every second measured on it."""

import platform
import subprocess
import sys
from pathlib import Path


def processor_name() -> str:
    """Return the model's name as the operating system gives it, or else the machine's kind."""
    if sys.platform == "darwin":
        name = _asked("sysctl", "-n", "machdep.cpu.brand_string")
    else:
        name = _listed(Path("/proc/cpuinfo"))
    return " ".join(name.split()) or platform.processor() or platform.machine()


def _listed(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2] for line in lines if line.startswith("model name")), "")


def _asked(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""

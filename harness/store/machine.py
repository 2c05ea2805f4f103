"""Facts about the machine that computed something: versions, git state, hardware. Never a key or a secret."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = ("harness-eval", "numpy", "scipy", "scikit-learn", "torch", "transformers", "datasets", "lm_eval")


def versions() -> dict[str, str]:
    """Return the installed versions of Python and of the packages that influence figures."""
    installed = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            continue
    return installed


def git_state() -> dict[str, Any]:
    """Return the commit of the working directory and whether there are changes; empty outside a repository."""
    try:
        commit = _git("rev-parse", "HEAD")
        return (
            {"commit": commit, "dirty": bool(_git("status", "--porcelain", "--untracked-files=no"))} if commit else {}
        )
    except (OSError, subprocess.SubprocessError):
        return {}


def _git(*arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=5, check=False)
    return ran.stdout.strip() if ran.returncode == 0 else ""


def hardware() -> dict[str, Any]:
    """Return the machine, its cores and, if torch is loaded already, its accelerators."""
    facts: dict[str, Any] = {
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        facts["accelerators"] = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return facts

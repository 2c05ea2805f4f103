"""The package of everything, installed for this process and its children without pip."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).with_name("package")


@pytest.fixture
def workshop(project, tmp_path, monkeypatch):
    """The project, with the package found through the entry points that its pyproject.toml names."""
    distribution = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))["project"]
    name, version = distribution["name"], distribution["version"]
    info = tmp_path / "site" / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    groups = [
        "\n".join([f"[{group}]", *(f"{key} = {value}" for key, value in points.items())])
        for group, points in distribution["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups) + "\n")
    for folder in (info.parent, PACKAGE):
        monkeypatch.syspath_prepend(str(folder))
    earlier = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(info.parent), str(PACKAGE), earlier])))
    return project


@pytest.fixture
def kill(workshop, add_plugin):
    """Kill the process of a command once so many batches are on file: ``kill(12)``; and let it live: ``kill(0)``."""
    add_plugin("killer", KILLER)

    def at(batches):
        for name in ("batches.txt", "kill-at"):
            (workshop / name).unlink(missing_ok=True)
        if batches:
            (workshop / "kill-at").write_text(str(batches))

    return at


KILLER = """
import os
import signal
from pathlib import Path

from harness import hookimpl


@hookimpl
def batch_stored(count):
    if not Path("kill-at").exists():
        return
    with Path("batches.txt").open("a") as file:
        file.write(f"{count}\\n")
    if len(Path("batches.txt").read_text().split()) == int(Path("kill-at").read_text()):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def journal(workshop):
    """What babblers with ``journal=asked.txt`` were asked since the last look."""

    def look():
        file = workshop / "asked.txt"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines

    return look

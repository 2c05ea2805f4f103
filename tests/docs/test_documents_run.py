"""Runs the marked blocks of the documents, in order, in a folder of their own.

A comment before a block marks it: ``<!-- run -->`` is run by the shell, ``<!-- run with data -->`` likewise (and finds
a small made-up mirror in ``$HOME/data``), ``<!-- file: PATH -->`` is written to that file.
"""

import json
import os
import re
import shlex
import site
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
HOW_TO = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/how-to/*.md") if path.stem != "README")
DOCUMENTS = (
    *("README.md", "docs/tutorial-plugin.md", "docs/tutorial-methods.md"),
    *sorted(
        path.relative_to(ROOT).as_posix()
        for path in ROOT.glob("plugins/*/README.md")
        if "<!-- run -->" in path.read_text("utf-8")
    ),
)
BLOCK = re.compile(r"<!-- (?P<mark>run|run with data|file: (?P<file>\S+)) -->\n```\w*\n(?P<text>.*?)^```$", re.S | re.M)


class Block(NamedTuple):
    """One marked block."""

    file: str | None
    text: str


def marked_blocks(document):
    """The blocks of a document that are marked, in order."""
    text = (ROOT / document).read_text("utf-8")
    blocks = [Block(match["file"], match["text"]) for match in BLOCK.finditer(text)]
    assert len(blocks) == len(re.findall(r"^<!-- (?:run|file:)", text, re.M)), f"{document}: a mark without its block"
    assert blocks, f"{document}: nothing in it runs"
    return blocks


def script_of(blocks):
    """One shell script that writes the files and runs the commands."""
    lines = ["set -euxo pipefail"]
    for block in blocks:
        if block.file is None:
            lines.append(block.text)
        else:
            folder = shlex.quote(str(Path(block.file).parent))
            lines.append(f"mkdir -p {folder}; cat > {shlex.quote(block.file)} <<'END OF FILE'\n{block.text}END OF FILE")
    return "\n".join(lines) + "\n"


@pytest.fixture
def environment(tmp_path):
    """Variables of a fresh virtual environment that sees the packages of this one and downloads nothing."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False)
    commands = folder / "bin"
    outer = sorted({*site.getsitepackages(), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    # Folders added so have their own .pth files read, by which an editable install is found.
    lines = "".join(f"import site; site.addsitedir({place!r})\n" for place in outer)
    purelib = next((folder / "lib").glob("python*/site-packages"))
    (purelib / "outer.pth").write_text(lines, encoding="utf-8")
    pip = "-m pip --disable-pip-version-check -q"
    wrappers = {
        "harness": 'exec python -m harness.cli.main "$@"',
        "pytest": 'exec python -m pytest -p no:cacheprovider "$@"',
        "pip": f'[ "$1" = install ] && shift; exec python {pip} install --no-deps --no-build-isolation --no-index "$@"',
    }
    for name, text in wrappers.items():
        (commands / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (commands / name).chmod(0o755)
    left_out = ("PYTHONPATH", "HARNESS_DATA", "HARNESS_PLUGINS", "HARNESS_DEBUG", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    home = tmp_path / "home"
    write_mirror(home / "data")
    path = f"{commands}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "HOME": str(home), "HF_HUB_OFFLINE": "1"}


def write_mirror(folder):
    """A made-up copy of JudgeBench."""
    judgebench = folder / "ppe" / "judgebench"
    judgebench.mkdir(parents=True)
    for name in ("pairs_gpt-4o-2024-05-13", "pairs_claude-3-5-sonnet-20240620"):
        rows = [
            {
                "pair_id": f"pair-{i}",
                "source": "mmlu-pro-law",
                "question": f"What is {i} plus {i}?",
                "response_A": f"It is {2 * i}.",
                "response_B": f"I believe that it is {2 * i + 1}.",
                "label": "A>B" if i % 2 else "B>A",
            }
            for i in range(8)
        ]
        (judgebench / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_marked_blocks_run_in_order(document, environment, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    done = subprocess.run(
        ["bash", "-c", script_of(marked_blocks(document))],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-5000:]}"


@pytest.mark.parametrize("page", HOW_TO)
def test_the_commands_of_a_how_to_page_run(page, project, harness, monkeypatch):
    """In this process, which spares most of the time: a page has a command a line, and little of a shell."""
    for block in marked_blocks(page):
        if block.file is not None:
            Path(block.file).parent.mkdir(parents=True, exist_ok=True)
            Path(block.file).write_text(block.text, encoding="utf-8")
            continue
        for line in block.text.replace("\\\n", " ").splitlines():
            command, _, file = line.partition(" > ")
            words = shlex.split(command, comments=True)
            if words[0] == "harness":
                done = harness(*words[1:])
                assert done.code == 0, f"{line}\n{done.out[-2000:]}\n{done.err[-2000:]}"
                if file:
                    Path(file).write_text(done.out, encoding="utf-8")
            elif words[0] == "cd":
                monkeypatch.chdir(words[1])
            else:
                assert words[0] == "python", line
                subprocess.run([sys.executable, *words[1:]], check=True, timeout=60)

"""The command ``harness view``."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import click

from harness import say
from harness.cli import open_registry, registry_options, store_option


@click.command("view")
@store_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; another asks for a token.")
@click.option("--port", type=click.IntRange(0, 65535), help="Where to listen.  [default: 8425, or any that is free]")
@click.option("--token", "guarded", is_flag=True, help="Ask for a token on this machine too: others use it.")
@click.option("--show-sensitive", is_flag=True, help="Show texts of sensitive tasks, which are hidden otherwise.")
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@registry_options
def command(
    store: Path | None,
    host: str,
    port: int | None,
    guarded: bool,
    show_sensitive: bool,
    no_open: bool,
    registry_file: Path | None,
    strict: bool,
) -> None:
    """Show a store in a browser: runs, cells, and the samples behind every figure. Nothing is changed.

    Search and filter samples, open one with its prompt, responses, scores and errors, put two models side by side,
    watch an evaluation that runs. Only this machine can reach the pages, unless --host says otherwise.

    \b
    Examples:
      harness view
      harness view --store results.sqlite --port 8000
      harness view --host 0.0.0.0 --no-open
    """
    from harness.results import existing_store_path

    from .serve import serve

    registry = open_registry(registry_file, strict)
    path = existing_store_path(registry, store)

    folder = _data_folder(path)
    if folder:
        os.environ["HARNESS_DATA"] = folder
        say(f"texts are read from {folder}, as the newest evaluation did; another folder: HARNESS_DATA=FOLDER")

    def started(address: str) -> None:
        say(f"{path} is shown at {address}\nstop with Ctrl-C")
        if not no_open:
            click.launch(address)

    with contextlib.suppress(KeyboardInterrupt):  # the way to end it
        serve(registry, path, host=host, port=port, guarded=guarded, show_sensitive=show_sensitive, started=started)


def _data_folder(path: Path) -> str:
    """Return the folder of copies of data that the newest run read from; empty where the user names one, or none is."""
    from harness.store import StoreReader, list_runs

    if os.environ.get("HARNESS_DATA"):
        return ""
    with StoreReader(path) as store:
        folders = (str(run.description.get("data_folder", "")) for run in list_runs(store))
        return next((folder for folder in folders if folder and Path(folder).is_dir()), "")

"""Writes cli.md from the help texts of the commands: python docs/generate_cli.py."""

from __future__ import annotations

import re
from pathlib import Path

import click

from harness.cli.main import COMMANDS, cli
from harness.names.plugins import DISTRIBUTION
from harness.names.registry import Registry

PAGE = Path(__file__).with_name("cli.md")
WIDTH = 100
HEAD = """\
# Commands

This page is generated from the commands' own help by `python docs/generate_cli.py`. Exit statuses are on
[their own page](errors-and-exit-status.md). The last ones come with plugins that ship; other plugins may
add more, which `harness --help` lists.

"""


def commands() -> dict[str, str]:
    """Return what each command does, by name: the core's, then those of the plugins that ship."""
    entries = Registry(kinds=("command",)).entries("command")
    return COMMANDS | {entry.name: entry.description for entry in entries if entry.distribution == DISTRIBUTION}


def page() -> str:
    """The whole page."""
    listed = commands()
    parts = [HEAD, "| command | what it does |\n|---|---|\n"]
    parts += [f"| [`harness {name}`](#harness-{name}) | {sentence} |\n" for name, sentence in listed.items()]
    for name in listed:
        parts.append(f"\n## harness {name}\n\n```\n{_help(name)}\n```\n")
    return "".join(parts)


def _help(name: str) -> str:
    parent = click.Context(cli, info_name="harness", terminal_width=WIDTH, max_content_width=WIDTH)
    command = cli.get_command(parent, name)
    assert command is not None
    context = click.Context(
        command, parent=parent, info_name=name, help_option_names=cli.context_settings["help_option_names"]
    )
    # click keeps the option of whoever asked first, which may not have been the command line.
    if getattr(command, "_help_option", None) is not None:
        vars(command)["_help_option"] = None
    text = command.get_help(context)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE).strip()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

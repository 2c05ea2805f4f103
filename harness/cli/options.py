"""Options that several commands share, and the types of their values."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from harness.errors import UsageError
from harness.names.registry import Registry
from harness.results.terminal_tables import COLOUR, WIDE
from harness.terminal import plain_json, say

if TYPE_CHECKING:
    from harness.names.arguments import Arguments

F = TypeVar("F", bound=Callable[..., Any])


class Finite(click.FloatRange):
    """A number in a range; click's own type lets "nan" pass, which compares as neither below nor above."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert as click does, but refuse not-a-number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


SEED = click.IntRange(0, 2**63 - 1)
"""Seeds of random numbers."""
LEVEL = Finite(0.5, 0.9999)
"""Nominal coverage of intervals."""


def store_option(function: F) -> F:
    """Add the option ``--store`` to a command."""
    return click.option(
        "--store",
        type=click.Path(path_type=Path),
        help="SQLite file of all results.  [default: .harness/store.sqlite]",
    )(function)


def registry_options(function: F) -> F:
    """Add the options ``--registry`` and ``--strict`` to a command."""
    function = click.option(
        "--registry",
        "registry_file",
        type=click.Path(path_type=Path),
        help="A registry.yaml that wins over the others.",
    )(function)
    return click.option("--strict", is_flag=True, help="A plugin that fails to load ends the command.")(function)


def json_option(function: F) -> F:
    """Add the option ``--json`` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, nothing else.")(
        function
    )


def model_options(function: F) -> F:
    """Add ``-m``/``--model`` and ``--exclude`` to a command whose figures are those of some of the models on file."""
    function = click.option(
        "--exclude",
        multiple=True,
        metavar="GLOB",
        help="Leave out models whose label matches; repeat for several.",
    )(function)
    return click.option(
        "-m",
        "--model",
        "models",
        multiple=True,
        metavar="GLOB",
        help="Only models whose label matches; repeat for several.  [default: all]",
    )(function)


def table_options(function: F) -> F:
    """``--wide`` and ``--color``, which what prints tables finds in click's context."""

    def keep(key: str) -> Callable[[click.Context, click.Parameter, Any], None]:
        def note(context: click.Context, parameter: click.Parameter, value: Any) -> None:
            if value is not None:
                context.meta[key] = value

        return note

    function = click.option(
        "--wide",
        is_flag=True,
        default=None,
        expose_value=False,
        callback=keep(WIDE),
        help="On a terminal: every column of a table, however wide.",
    )(function)
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        expose_value=False,
        callback=keep(COLOUR),
        help="Styles in tables; auto: on a terminal, unless NO_COLOR is set; always: also through a pipe.",
    )(function)


def open_registry(registry_file: Path | None, strict: bool) -> Registry:
    """Open the registry; warn on standard error about unusable plugins, and about entries without effect."""
    registry = Registry(extra=registry_file, strict=strict)
    for plugin in registry.plugins.troubled:
        whose = f"plugin {plugin.name!r} of {plugin.distribution} {plugin.version}"
        if plugin.state == "failed":
            say(f"warning: {whose} failed: {plugin.problem}", err=True)
            continue
        for problem in plugin.refused:
            say(f"warning: {whose}: {problem}", err=True)
    for problem in registry.file_problems():
        say(f"warning: {problem}", err=True)
    return registry


def print_json(value: Any) -> None:
    """Print one JSON document on standard output; not-a-number, which JSON cannot hold, becomes null."""
    try:
        text = json.dumps(value, indent=2, allow_nan=False, default=str)
    except ValueError:
        text = json.dumps(_finite(value), indent=2, allow_nan=False, default=str)
    say(plain_json(text))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def key_values(pairs: Sequence[str], option: str) -> dict[str, str]:
    """Return ``KEY=VALUE`` options as a dictionary.

    Raises:
        UsageError: an option is not of that form.
    """
    values: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"{option} {pair}: expected KEY=VALUE")
        if key in values:  # the last would win without a word, as keys given twice in a specification once did
            raise UsageError(f"{option} {pair}: {key} is given already, as {option} {key}={values[key]}; give it once")
        values[key] = value
    return values


def trainer_settings(pairs: Sequence[str]) -> Arguments:
    """Return the settings of a trainer that ``--set KEY=VALUE`` gave, read as arguments are.

    Raises:
        UsageError: an option is not of that form, or a setting is given twice.
    """
    from harness.names.arguments import Arguments, parse_arguments

    settings = Arguments()
    for pair in pairs:
        given = parse_arguments(pair, f"--set {pair}")
        for key in given:
            if key in settings:
                raise UsageError(f"--set {pair}: {key} is given already; give it once")
        settings = settings.replaced_by(given)
    return settings

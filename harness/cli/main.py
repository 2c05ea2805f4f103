"""The ``harness`` command: finds the sub-command, and turns every error into one message and an exit status."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any

import click

from harness.errors import HarnessError, did_you_mean
from harness.files.stopping import stoppable
from harness.terminal import guard_libraries, say, visible

COMMANDS = {
    "eval": "evaluate models on tasks and benchmarks",
    "run": "evaluate and write leaderboards as a committed file says",
    "leaderboard": "show or write the leaderboard of a benchmark",
    "compare": "paired difference of two models, with interval and p-value",
    "figures": "write what each model scored on each item of a task, as a table",
    "train": "train a model on a task's train split",
    "cross-validate": "evaluate a trainer on items held out in turn",
    "list": "list models, tasks, benchmarks, metrics and everything else that has a name",
    "show": "show all that is known of one name",
    "store": "show what a store's files take, and give room back",
    "forget": "take the results of models out of the store",
    "import": "convert published results to recorded rows or leaderboard rows",
    "plugins": "list plugins, and why those that failed did",
    "check": "put a model or a plugin through the conformance checks",
    "doctor": "what is installed, where data and stores are, what is stale",
    "schema": "print the JSON Schema of a YAML file, for editors",
    "docs": "explain a word of the output, or find what the documents say",
}


class ReaderGone(Exception):
    """The program that reads the output, such as ``head`` or ``less``, has closed it, which is no error."""


@contextlib.contextmanager
def _reader_may_go() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # click itself would leave with status 1
        raise ReaderGone from None


class LazyGroup(click.Group):
    """Imports a sub-command only when it is called, so that ``--help`` stays fast."""

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Make the context as click does; ``--help`` prints here."""
        with _reader_may_go():
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command as click does; an error of a plugin's command names the plugin."""
        with _reader_may_go(), self._plugin_is_named(ctx):
            return super().invoke(ctx)

    @contextlib.contextmanager
    def _plugin_is_named(self, ctx: click.Context) -> Iterator[None]:
        try:
            yield
        except (click.ClickException, click.exceptions.Exit, click.Abort, HarnessError, ReaderGone, BrokenPipeError):
            raise
        except Exception as error:
            entry = self._of_plugins().get(ctx.invoked_subcommand or "") if self._is_of_plugin(ctx) else None
            if entry is None or os.environ.get("HARNESS_DEBUG"):
                raise
            from harness.errors import PluginError
            from harness.names.plugins import describe

            whose = f"the command {entry.name!r} of the plugin {entry.plugin!r} of {entry.distribution}"
            raise PluginError(f"{whose} failed: {describe(error)}") from error

    @staticmethod
    def _is_of_plugin(ctx: click.Context) -> bool:
        return ctx.invoked_subcommand not in COMMANDS

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the built-in commands, in the order in which a user meets them, then the plugins' commands."""
        return [*COMMANDS, *sorted(self._of_plugins())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name; None for an unknown name."""
        if cmd_name in COMMANDS:
            command: click.Command = importlib.import_module(
                f"harness.cli.{cmd_name.replace('-', '_')}_command"
            ).command
            return command
        entry = self._of_plugins().get(cmd_name)
        return entry.load() if entry is not None else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command; for an unknown name, raise an error that suggests the nearest."""
        name = args[0] if args else ""
        if self.get_command(ctx, name) is None:
            near = did_you_mean(name, self.list_commands(ctx))
            if self._broken is not None and not near:
                raise self._broken  # the command may be a plugin's, and a broken registry.yaml hides plugins
            raise click.UsageError(f"no command {name!r}{near}{self._why_missing(name)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one line for each command, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        extra = self._of_plugins()
        if extra:
            with formatter.section("Commands of plugins"):
                described = [(name, extra[name].description) for name in sorted(extra)]
                formatter.write_dl([(visible(name), visible(text)) for name, text in described])

    def _of_plugins(self) -> dict[str, Any]:
        if not hasattr(self, "_plugin_commands"):
            from harness.names.registry import Registry

            self._plugin_commands: dict[str, Any] = {}
            self._broken: HarnessError | None = None
            self._plugin_registry = None
            try:
                self._plugin_registry = Registry(kinds=("command",))
            except HarnessError as error:
                self._broken = error  # help must come even when registry.yaml is broken
            # If two distributions claim a name, the shipped command keeps it, which is listed first.
            for entry in self._plugin_registry.entries("command") if self._plugin_registry else ():
                self._plugin_commands.setdefault(entry.name, entry)
        return self._plugin_commands

    def _why_missing(self, name: str) -> str:
        """Write which plugin could not be asked for a command; empty if all could."""
        hint = self._plugin_registry.hint("command", name) if self._plugin_registry else ""
        return f"; {hint}" if hint else ""


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="harness-eval", prog_name="harness")
def cli() -> None:
    """Evaluate anything that scores, judges, embeds, detects, routes or generates, with honest error bars.

    \b
    Examples:
      harness eval quickstart                          the embedded benchmark, in seconds
      harness eval -m length -m minilm -t judgebench   two models on a published benchmark
      harness leaderboard quickstart                   who is best, and is the difference real
      harness list tasks
      harness docs detectable                          what a word of the output means
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and end the process with its exit status."""
    guard_libraries()
    with stoppable(for_good=True) as requests:
        try:
            code = run(arguments)
        except KeyboardInterrupt:  # Ctrl-C in the last moments of a command, after `run` has stopped watching
            code = 130
        if requests.first is not None:
            code = requests.exit_code if code == 130 else code
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line, and return its exit status."""
    with stoppable() as requests:
        try:
            return _run(arguments)
        except (KeyboardInterrupt, click.Abort) as error:
            newline = "" if isinstance(error, click.Abort) else "\n"  # click has ended the line already
            _say(f"{newline}stopped; what was computed is kept, and the same command goes on from here")
            return requests.exit_code


def _run(arguments: list[str] | None) -> int:
    try:
        result = cli.main(args=arguments, prog_name="harness", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        with io.StringIO() as shown:  # click itself would print names as they are, control characters included
            error.show(file=shown)
            _say(shown.getvalue().rstrip("\n"))
        return 2
    except click.Abort:
        raise
    except ReaderGone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python flushes standard output at the end, and would complain
        return 0
    except HarnessError as error:
        _say(f"error: {error}")
        return error.exit_code
    except Exception as error:
        from harness.files.atomic import NO_ROOM, is_full

        if is_full(error):
            place = getattr(error, "filename", None)
            _say(f"error: {f'{place}: ' if place else ''}{NO_ROOM}")
            return 2
        if os.environ.get("HARNESS_DEBUG"):
            raise
        from harness.names.plugins import describe

        _say(f"internal error: {describe(error)}\nPlease report it; HARNESS_DEBUG=1 shows where it comes from.")
        return 70
    finally:
        # Which commands plugins give is known for one run: another project may have others, or a broken registry.yaml.
        vars(cli).pop("_plugin_commands", None)


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # standard error may be closed, too
        say(text, err=True)


if __name__ == "__main__":
    main()

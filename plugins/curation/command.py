"""The command ``harness curate``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness import say
from harness.cli import SEED, json_option, open_registry, print_json, registry_options, store_option

if TYPE_CHECKING:
    from harness import Registry
    from harness.names import ReadyModel

    from .curate import GeneratorAccount
    from .settings import CurationSettings


@click.command("curate")
@click.argument("task")
@click.option("-m", "--model", "models", multiple=True, required=True, help="Generator; repeat for several.")
@click.option("-k", "--samples", "k", default=32, show_default=True, help="Samples a prompt and generator.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@click.option("--keep", nargs=2, type=float, default=(0.1, 0.9), show_default=True, metavar="LOW HIGH",
              help="Keep prompts whose share of correct samples lies strictly between.")  # fmt: skip
@click.option("--per-generator", default=128, show_default=True, help="At most so many prompts a generator.")
@click.option("--pairs", default=5, show_default=True, help="Correct-wrong pairs sampled for each prompt.")
@click.option("--seed", default=42, show_default=True, type=SEED, help="Of temperatures, draws and pairs.")
@click.option("--temperature", default="0,0.7,1.3", show_default=True, metavar="T or LOW,MODE,HIGH",
              help="Of every sample; three numbers: triangular distribution.")  # fmt: skip
@click.option("--max-tokens", type=click.IntRange(min=1), show_default="the task's, else 4096", help="Of a completion.")
@click.option("--split", default="test", show_default=True, help="Which split of the task.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first prompts of the task.")
@click.option("--allow-code", is_flag=True, help="Permit to run programs that the generators write.")
@click.option("--replace", is_flag=True, help="Replace a curated set in the output folder.")
@store_option
@registry_options
@json_option
def command(
    task: str,
    models: tuple[str, ...],
    output: Path,
    temperature: str,
    allow_code: bool,
    replace: bool,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
    **wishes: Any,
) -> int:
    """Make a best-of-k test set: sample answers to a task that can be checked, keep what is neither easy nor hard.

    The method of PPE's correctness sets (arXiv 2410.14872). Run again after an interruption to go on.

    \b
    Examples:
      harness curate curation/boxed-sums -m arithmetic-student -k 8 -o curated/sums
      harness curate curation/multiple-choice -m weak=arithmetic-student:error_rate=0.5 \\
                     -m strong=arithmetic-student:error_rate=0.1 -o curated/choice --keep 0.05 0.95
      harness curate curation/programs -m arithmetic-student -o curated/programs --allow-code

    \b
    Exit status: 0 done, 1 some generator kept no prompt, 2 the request cannot be run as given.
    """
    from .folder import check_output
    from .settings import CurationSettings, temperatures

    settings = CurationSettings(temperature=temperatures(temperature), **wishes)
    check_output(output, replace=replace)
    registry = open_registry(registry_file, strict)
    document, path = _curate(registry, task, models, settings, output, store, allow_code=allow_code)
    if as_json:
        print_json({"task_file": str(path), **document})
    else:
        _say(registry, path, document)
    return 0 if all(account["kept"] for account in document["generators"]) else 1


def _curate(
    registry: Registry,
    name: str,
    models: Sequence[str],
    settings: CurationSettings,
    output: Path,
    store: Path | None,
    *,
    allow_code: bool,
) -> tuple[dict[str, Any], Path]:
    from harness import DataError, TerminalProgress
    from harness.results import store_path
    from harness.store import Store

    from .curate import curate, verifiable_task
    from .folder import task_file, write_folder

    task = verifiable_task(registry, name, settings, allow_code=allow_code)
    _ = task.checker  # an unknown one shows before anything is generated
    path = store_path(registry, store)
    progress = TerminalProgress()
    with Store(path) as opened:
        handles = _generators(registry, opened, path, models, progress)
        rows, accounts = curate(registry, opened, task, handles, settings, progress=progress)
    if not rows:
        raise DataError("no prompt was kept, and nothing is written:\n" + "\n".join(map(_line, accounts)))
    document = _provenance(task, settings, accounts, len(rows))
    content = task_file(task.name, settings.k, [account.model for account in accounts if account.kept], document)
    mark = task.generated_data(settings.split)
    if mark is not None:  # answers to questions that a program made are no test set of people's questions
        content["generated"] = f"harness curate, from {task.name}, whose data are {mark.words}"
    return document, write_folder(output, rows, content, document)


def _generators(registry: Registry, store: Any, path: Path, models: Sequence[str], progress: Any) -> list[ReadyModel]:
    """Resolve the models, train those that are only planned, and refuse a model that cannot generate.

    Raises:
        UsageError: a model does not generate, or two have the same label.
    """
    from harness import UsageError
    from harness.names import resolve_model
    from harness.results import models_folder
    from harness.running import Runner
    from harness.training import train_missing

    folder = models_folder(path)
    handles = [resolve_model(registry, text, models_folder=folder) for text in models]
    labels = [handle.label for handle in handles]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise UsageError(f"two generators are called {twice!r}; name them apart: -m FIRST={twice} -m SECOND=...")
    for handle in handles:
        if "generate" not in handle.offers:
            offers = ", ".join(handle.offers) or "nothing"
            raise UsageError(f"{handle.label}: curate needs a model that offers generate; it offers {offers}")
    client = Runner(registry, store, progress=progress).client()
    return [train_missing(registry, store, client, handle, progress=progress) for handle in handles]


def _provenance(
    task: Any, settings: CurationSettings, accounts: Sequence[GeneratorAccount], rows: int
) -> dict[str, Any]:
    from harness.store import git_state, now, versions

    checker = task.settings["checker"]
    document: dict[str, Any] = {
        "method": "PPE, arXiv 2410.14872",
        "source_task": task.name,
        "source_digest": task.definition.digest,
        "source_licence": task.definition.licence,
        "checker": {"name": checker, "settings": task.settings["settings"]},
        "settings": {**settings.as_json(), "max_tokens": task.settings["max_tokens"]},
        "generators": [account.as_json() for account in accounts],
        "rows": rows,
        "made": now(),
        "versions": {**versions(), **_sympy()},
        "git": git_state(),
    }
    if checker == "python":
        from .sandbox import holds

        document["checker"]["held_by"] = ["resource limits", *holds()]
    return document


def _sympy() -> dict[str, str]:
    from importlib.metadata import version

    return {"sympy": version("sympy")}


def _line(account: GeneratorAccount) -> str:
    return describe(account.as_json())


def describe(account: dict[str, Any]) -> str:
    """Tell one generator's account as a sentence, with a line for each reason that has an example."""
    if account["problem"]:
        return f"{account['model']}: FAILED: {account['problem']}"
    reasons = ", ".join(f"{count} {reason}" for reason, count in account["dropped"].items())
    asked = (
        f"{account['asked']} samples asked for now, the others on file"
        if account["asked"]
        else "all samples were on file"
    )
    kept = f"kept {account['kept']} of {account['prompts']} prompts ({reasons or 'none dropped'})"
    lines = [f"{account['model']}: {kept}; {asked}"]
    lines += [f"  {reason}, the first: {example}" for reason, example in account["examples"].items()]
    return "\n".join(lines)


def _say(registry: Registry, path: Path, document: dict[str, Any]) -> None:
    from .folder import task_name

    for account in document["generators"]:
        say(describe(account))
    held = document["checker"].get("held_by")
    if held:
        say(f"programs were held by {', '.join(held)}")
    say(f"{document['rows']} prompts written to {path.parent}")
    folders = [file.folder / folder for file in registry.files for folder in file.task_folders]
    name = task_name(path, folders)
    if name is None:
        name = f"{path.parent.name}/{path.stem}"
        say(f"to use it, add to registry.yaml: task_folders: [{path.parent.parent}]")
    say(f"then: harness eval -m length -t {name}")

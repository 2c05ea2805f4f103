"""The command ``harness cache``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness import UsageError, say
from harness.cli import SEED, Finite, json_option, open_registry, print_json, registry_options, store_option

if TYPE_CHECKING:
    from harness import Item, Registry

    from .stream import Stream
    from .stream_task import CacheStream


@click.command("cache")
@click.argument("task", metavar="STREAM")
@click.option("-m", "--model", required=True, metavar="EMBEDDER", help="Embeds the prompts.")
@click.option(
    "-p",
    "--policy",
    "policies",
    multiple=True,
    help="A policy, such as pooled:delta=0.02 or static:threshold=0.8,capacity=500; repeat for several.  "
    "[default: the task's]",
)
@click.option(
    "--budget",
    "budgets",
    multiple=True,
    type=Finite(0, 1, min_open=True, max_open=True),
    default=(0.01, 0.02, 0.05, 0.1),
    show_default=True,
    help="Wrong hits a prompt that a threshold is chosen for; repeat for several.",
)
@click.option(
    "--calibration",
    type=Finite(0, 1, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    help="Share of the prompts, the first, that thresholds are chosen on; the others judge them.",
)
@click.option(
    "--insertion",
    type=click.Choice(["on-miss", "all", "on-wrong"]),
    default="on-miss",
    show_default=True,
    help="What goes into the cache of those thresholds.",
)
@click.option("--split", default="test", show_default=True, help="Split of the task.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first prompts.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the policies' random numbers.")
@store_option
@registry_options
@json_option
def command(
    task: str,
    model: str,
    policies: tuple[str, ...],
    budgets: tuple[float, ...],
    calibration: float,
    insertion: str,
    split: str,
    limit: int | None,
    seed: int,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Say what a cache would save on a stream of prompts, and how often it would be wrong.

    The embedder is asked once; every policy and threshold is replayed from its vectors. Thresholds are chosen for a
    budget of wrong hits on the first prompts, and judged on the later ones.

    \b
    Examples:
      harness cache my/stream -m minilm
      harness cache my/stream -m minilm -p pooled:delta=0.02 -p vcache:delta=0.02 --budget 0.02
    """
    from .policy import GreyZone
    from .policy_names import all_named
    from .replay import CacheSettings
    from .stream_report import report

    registry = open_registry(registry_file, strict)
    found = _stream_task(registry, task)
    named = all_named(policies) if policies else found.policies
    for one in named:
        if isinstance(one.policy, GreyZone):
            raise UsageError(
                f"{one.label} asks a verifier, which this command does not; evaluate the task instead: "
                f"harness eval -t {task} -m {model} --role verifier=MODEL, with its option 'verify'"
            )
    if found.settings["prices"]:
        say(
            f"warning: what asking costs is up to a router in {task}, which this command does not ask: costs are "
            "unknown here, and count as equal; evaluate the task with --role router=MODEL",
            err=True,
        )
    stream = _read(registry, store, found, model, split, limit)
    document = report(
        stream,
        named,
        budgets,
        calibration=calibration,
        insertion=CacheSettings(insertion),  # type: ignore[arg-type]
        seed=seed,
    )
    document = {"task": task, "split": split, "model": model, **document}
    if as_json:
        print_json(document)
    else:
        _say(document)


def _stream_task(registry: Registry, name: str) -> CacheStream:
    """Return the task.

    Raises:
        UsageError: it is of another kind.
    """
    from .stream_task import CacheStream

    found = registry.task(name)
    if not isinstance(found, CacheStream):
        raise UsageError(f"{name} is no stream of prompts; harness cache needs a task of the kind 'cache-stream'")
    return found


def _read(
    registry: Registry, store: Path | None, task: CacheStream, model: str, split: str, limit: int | None
) -> Stream:
    """Return the stream with the embedder's vectors.

    Raises:
        UsageError: a row cannot be read, or the model does not embed, or no prompt could be embedded.
    """
    import numpy as np

    from harness import Answers, BadItem, Columns, Failure, TerminalProgress
    from harness.names import resolve_model
    from harness.results import models_folder, store_path
    from harness.running import Runner
    from harness.store import Store
    from harness.training import train_missing

    from .stream_rows import stream_of

    if split not in task.splits:
        raise UsageError(f"{task.name} has no split {split!r}; it has {', '.join(task.splits)}")
    items: list[Item] = []
    for item in task.items(split, limit=limit):
        if isinstance(item, BadItem):  # a stream without some of its prompts is another stream
            raise UsageError(f"{item.where}: {item.problem}")
        items.append(item)
    if not items:
        raise UsageError(f"{task.name}: the split {split!r} has no prompt")
    path = store_path(registry, store)
    handle = resolve_model(registry, model, models_folder=models_folder(path))
    if "embed" not in handle.offers:
        raise UsageError(f"{handle.label} does not embed; it offers: {', '.join(handle.offers)}")
    with Store(path) as opened:
        client = Runner(registry, opened).client()
        ready = train_missing(registry, opened, client, handle, progress=TerminalProgress())
        ask: Any = partial(client.ask, ready)
        requests = [task.requests(item, 0, "embed", ())[0] for item in items]
        responses = ask("embed", requests)
    failures = [response for response in responses if isinstance(response, Failure)]
    if len(failures) == len(items):
        raise UsageError(f"{handle.label} embedded no prompt; the first reason: {failures[0].reason}")
    rows = [task.row(item, [Answers("embed", (), [response])]) for item, response in zip(items, responses, strict=True)]
    width = max(np.size(row["vector"]) for row in rows)
    answers = max(np.size(row["answers"]) for row in rows)
    wide = {"vector": width, "answers": answers}
    columns = {
        name: np.array([_padded(row[name], wide[name]) if name in wide else row[name] for row in rows])
        for name in rows[0]
        if not name.startswith("verified")
    }
    return stream_of(Columns(columns), task.name)


def _padded(values: Any, width: int) -> Any:
    import numpy as np

    given = np.ravel(values)
    out = np.full(width, np.nan)
    out[: len(given)] = given
    return out


def _say(document: dict[str, Any]) -> None:
    from harness.results import plain_table

    prompts = document["prompts"]
    say(
        f"{document['task']} with {document['model']}: {prompts} prompts; an earlier response would serve "
        f"{_percent(document['possible'])}, and the nearest earlier one {_percent(document['nearest_right'])}"
    )
    if document["without_vector"]:
        say(f"warning: {document['without_vector']} prompts could not be embedded; they count as misses", err=True)
    area, told = document["precision_hit_area"], document["match_auroc"]
    if told["value"] == told["value"]:
        say(f"nearest similarity for being right: AUROC {told['value']:.3f}, P-CHR AUC {area['value']:.3f}")
    rows = [
        [
            one["policy"],
            _interval(one["hit_rate"]),
            _interval(one["error_rate"]),
            _percent(one["precision"]),
            "" if one["usd_saved"] is None else f"{one['usd_saved']:.4g}",
            "" if one["seconds_saved"] is None else f"{one['seconds_saved']:.4g}",
            str(one["most_entries"]),
        ]
        for one in document["policies"]
    ]
    head = ["policy", "hits", "wrong a prompt", "right of hits", "USD saved", "s saved", "entries"]
    say("\n" + plain_table(head, rows))
    for one in document["policies"]:
        if one["guarantee"]:
            say(f"{one['policy']} guarantees, on any stream: {one['guarantee']}")
    first = document["calibration_prompts"]
    say(
        f"\nstatic thresholds ({document['cache_of_thresholds']}), chosen on the first {first} prompts and judged on "
        f"the other {prompts - first}:\n"
    )
    rows = [
        [
            _percent(one["budget"]),
            *(
                ["none", "", "", ""]
                if one["threshold"] is None
                else [
                    f"{one['threshold']:.3f}",
                    _interval(one["hit_rate"]),
                    _interval(one["error_rate"]),
                    {True: "yes", False: "NO", None: "not known"}[one["kept"]],
                ]
            ),
        ]
        for one in document["thresholds"]
    ]
    say(plain_table(["budget", "threshold", "hits later", "wrong a prompt later", "kept"], rows))
    if any(one["kept"] is None and one["threshold"] is not None for one in document["thresholds"]):
        say("\nnot known: the interval of the error holds the budget; a longer stream would tell")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _interval(figure: dict[str, float]) -> str:
    return f"{100 * figure['value']:.1f} % [{100 * figure['low']:.1f}, {100 * figure['high']:.1f}]"

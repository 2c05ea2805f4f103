"""The command ``harness audit``."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness import UsageError, say
from harness.cli import json_option, open_registry, print_json, registry_options, store_option

if TYPE_CHECKING:
    from harness import Registry

    from .asking import AuditSet

MADE_UP = "judge-audit/made-up"
HIDDEN_REASON = "hidden: the reason may hold texts of a sensitive task"


@click.command("audit")
@click.argument("judge")
@click.option("-t", "--task", "tasks", multiple=True, metavar="TASK",
              help=f"Pairs to ask about, with labels or without; repeat for more.  [default: {MADE_UP}]")  # fmt: skip
@click.option("--adapter", "adapters", multiple=True, help="Adapter to ask through, such as both-orders; repeatable.")
@click.option("--repeats", type=click.IntRange(1, 20), help="Ask the same question so often, with other seeds.  "
              "[default: 3 for a judge that samples and takes a seed, else 1]")  # fmt: skip
@click.option("--own", multiple=True, metavar="GLOB", help="Writers that are the judge or its family; repeatable.")
@click.option("--prompts", type=click.IntRange(min=2), multiple=True,
              help="Numbers of prompts for the smallest difference.  [default: 100, 200, 500, 805, 2000]")  # fmt: skip
@click.option("--split", default="test", show_default=True, help="Which split of the tasks.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first pairs of every task.")
@click.option("--dry-run", is_flag=True, help="Say how many verdicts would be asked for, and ask none.")
@click.option("-o", "--output", "outputs", multiple=True, type=click.Path(path_type=Path),
              help="File to write: .html or .json; repeat for both.")  # fmt: skip
@store_option
@registry_options
@json_option
def command(
    judge: str,
    tasks: tuple[str, ...],
    adapters: tuple[str, ...],
    repeats: int | None,
    own: tuple[str, ...],
    prompts: tuple[int, ...],
    split: str,
    limit: int | None,
    dry_run: bool,
    outputs: tuple[Path, ...],
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> int:
    """Audit a judge: position bias, consistency, tastes for length, lists and markdown, circles, agreement with labels.

    JUDGE is the specification of a model that compares, or that an adapter lets compare, such as a reward model.
    Without tasks it is asked about made-up pairs whose better answer is known. Verdicts on file are not asked for
    again.

    \\b
    Examples:
      harness audit simulated-judge:position=1.5
      harness audit simulated-judge:position=1.5 --adapter both-orders -o audit.html
      harness audit "judge:base=[openai:model=NAME]" -t llmbar/pairs -t judge-audit/pandalm -o audit.html -o audit.json
      harness audit length -t quickstart/preferences --json

    \\b
    Exit status: 0 done, whatever is flagged; 1 no verdict could be read; 2 the request cannot be run as given.
    """
    from harness.results import store_path

    from .asking import read_set

    for path in outputs:
        if path.suffix not in (".html", ".json"):
            raise UsageError(f"{path}: an audit is written as .html or .json")
    registry = open_registry(registry_file, strict)
    sets = [read_set(registry, name, split, limit) for name in dict.fromkeys(tasks or (MADE_UP,))]
    where = store_path(registry, store)
    if dry_run:
        plan = _plan(registry, judge, sets, where, adapters, repeats)
        print_json(plan) if as_json else say(_planned(plan))
        return 0
    document = make_document(
        registry, judge, sets, store=where, adapters=adapters, repeats=repeats, own=own, prompts=prompts
    )
    _write(document, outputs)
    if as_json:
        print_json(document)
    else:
        from .page import summary

        say(summary(document), nl=False)
    return 0 if any(one["read"] for one in document["sets"]) else 1


def make_document(
    registry: Registry,
    judge: str,
    sets: list[AuditSet],
    *,
    store: Path,
    adapters: tuple[str, ...] = (),
    repeats: int | None = None,
    own: tuple[str, ...] = (),
    prompts: tuple[int, ...] = (),
    progress: Any = None,
) -> dict[str, Any]:
    """Ask a judge, and return its audit as plain data.

    Raises:
        UsageError: the judge cannot compare.
        CellError: the judge cannot be loaded.
    """
    from harness.store import now, versions

    from .asking import ask_sets, has_independent_orders
    from .audit import ALPHA, PROMPTS, SCHEMA, audited_set, put_flags, verdict_of

    hearing, heard, remarks = ask_sets(
        registry, judge, sets, store=store, adapters=adapters, repeats=repeats, own=own, progress=progress
    )
    # What a judge says of why it failed may quote texts that pages do not show.
    shown = [
        dataclasses.replace(judged, reasons=[HIDDEN_REASON])
        if judged.reasons and one.task.definition.sensitive
        else judged
        for one, judged in zip(sets, heard, strict=True)
    ]
    audited = [
        audited_set(
            one.task.name,
            judged,
            prompts=prompts or PROMPTS,
            independent=has_independent_orders(hearing.route.adapters, one.pairs),
            digest=one.task.definition.digest,
            generated=one.task.generated_data() is not None,
            warnings=_warnings(one, judged, own),
        )
        for one, judged in zip(sets, shown, strict=True)
    ]
    flags = put_flags(audited)
    return {
        "schema": SCHEMA,
        "judge": judge,
        "fingerprint": hearing.ready.fingerprint,
        "adapters": list(hearing.route.names),
        "made": now(),
        "versions": versions(),
        "confidence": 0.95,
        "alpha": ALPHA,
        "repeats": hearing.repeats,
        "verdict": verdict_of(audited, flags),
        "flags": [{"task": task, "key": figure.key, "p": figure.adjusted} for task, figure in flags],
        "sets": [one.as_json() for one in audited],
        "remarks": list(dict.fromkeys(remarks)),
    }


def _warnings(one: AuditSet, judged: Any, own: tuple[str, ...]) -> list[str]:
    import numpy as np

    warnings = []
    if one.bad:
        warnings.append(f"{len(one.bad)} rows hold no pair, the first: {one.bad[0].where}: {one.bad[0].problem}")
    read = np.concatenate([p[~np.isnan(p)] for p in (judged.given, judged.exchanged)])
    if read.size > 1 and (read == 0.5).all():
        warnings.append(f"calls all {read.size:,} verdicts a tie: nothing else is known of it")
    if judged.identical.all():
        warnings.append("the two responses of every pair are identical")
    if own and not (np.nan_to_num(judged.own) != 0).any():
        writers = sorted({writer for pair in one.pairs for writer in pair.writers if writer})
        there = (
            f"; there are {', '.join(writers)}" if writers else ": no writers are marked (first_model, second_model)"
        )
        warnings.append(f"--own {', '.join(own)} tells no two responses of a pair apart{there}")
    return warnings


def _plan(
    registry: Registry,
    judge: str,
    sets: list[AuditSet],
    store: Path,
    adapters: tuple[str, ...],
    repeats: int | None,
) -> dict[str, Any]:
    from harness.results import models_folder

    from .asking import asked_parts, hear

    handle, route, times = hear(registry, judge, models_folder(store), adapters, repeats)
    rows = []
    for one in sets:
        requests = [[r for pair in one.pairs for r in pair.requests]]
        requests += [[pair.requests[0] for pair in one.pairs]] * (times - 1)
        expanded = sum(len(asked_parts(route.adapters, several)) for several in requests)
        rows.append(
            {"task": one.task.name, "pairs": len(one.pairs), "verdicts": sum(map(len, requests)), "asked": expanded}
        )
    return {"judge": handle.label, "adapters": list(route.names), "repeats": times, "sets": rows}


def _planned(plan: dict[str, Any]) -> str:
    through = f" through {' > '.join(plan['adapters'])}" if plan["adapters"] else ""
    lines = [f"{plan['judge']}{through}, each question {plan['repeats']} times where that can differ"]
    lines += [
        f"{row['task']}: {row['pairs']:,} pairs, {row['verdicts']:,} verdicts, {row['asked']:,} different requests"
        for row in plan["sets"]
    ]
    return "\n".join(lines)


def _write(document: dict[str, Any], outputs: tuple[Path, ...]) -> None:
    from harness.files import write_atomically

    from .page import html

    for path in outputs:
        text = html(document) if path.suffix == ".html" else json.dumps(document, indent=2, allow_nan=False) + "\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
        say(f"written to {path}", err=True)

"""The command ``harness compile-firewall``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness import UsageError, say
from harness.cli import Finite, json_option, open_registry, print_json, registry_options, store_option, table_options

if TYPE_CHECKING:
    from harness import Columns, Registry

    from .compiling import Compiled
    from .firewall import Firewall

SHARES = (0.4, 0.3, 0.3)


@click.command("compile-firewall")
@click.argument("task")
@click.option(
    "-m", "--model", "model", required=True, help="The evaluated firewall whose detectors there are to choose from."
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="YAML to write, a registry.yaml.")
@click.option("--name", default="compiled-firewall", show_default=True, help="What the firewall is called there.")
@click.option(
    "--over-block",
    "rates",
    multiple=True,
    type=Finite(min=0, max=1, min_open=True, max_open=True),
    default=(0.05,),
    show_default=True,
    help="Share of harmless exchanges that may be blocked, to be certified; repeat for several.",
)
@click.option("--milliseconds", type=Finite(min=0), help="What detectors may take an exchange, of the one written.")
@click.option(
    "--confidence",
    default=0.95,
    show_default=True,
    type=Finite(min=0, max=1, min_open=True, max_open=True),
    help="With which all certificates of the front are true together.",
)
@click.option(
    "--most", default=3, show_default=True, type=click.IntRange(min=1, max=6), help="Detectors of one firewall."
)
@click.option(
    "--front",
    "most_certified",
    default=12,
    show_default=True,
    type=click.IntRange(min=1, max=1000),
    help="Firewalls that are certified together at most; the fewer, the less strict each has to be.",
)
@click.option("--split", default="test", show_default=True, help="The split that was evaluated.")
@store_option
@registry_options
@table_options
@json_option
def command(
    task: str,
    model: str,
    output: Path,
    name: str,
    rates: tuple[float, ...],
    milliseconds: float | None,
    confidence: float,
    most: int,
    most_certified: int,
    split: str,
    store: Path | None,
    registry_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Choose detectors, order and thresholds from recorded traffic, and write the firewall with its certificate.

    TASK is of the kind firewall-replay, in the order of the traffic; MODEL a firewall with all detectors, evaluated on
    it with policy=shadow, so that each was asked about everything. The first 40 % of the traffic choose, the next 30 %
    certify the over-block, the last 30 % check it. Of the firewalls on the front the one with the least residual ASR
    is written.

    \b
    Examples:
      harness eval -m 'all=firewall:input=[[keyword-list],[prompt-length]],policy=shadow' -t traffic/week-12
      harness compile-firewall traffic/week-12 -m 'firewall:input=[[keyword-list],[prompt-length]],policy=shadow' \\
          --over-block 0.05 -o compiled/registry.yaml
    """
    import yaml

    from harness.files import write_atomically

    from .compiling import Compiler

    certificate_file = output.with_name(f"{name}-certificate.json")
    for path in (output, certificate_file):
        if path.exists():
            raise UsageError(f"{path} is there already; name another file with -o")
    registry = open_registry(registry_file, strict)
    firewall, columns, known = _evaluated(registry, task, model, split, store)
    compiler = Compiler(_traffic(firewall, columns, task), rates, confidence, SHARES, most, most_certified)
    front = compiler.front()
    within = [one for one in front if milliseconds is None or one.milliseconds <= milliseconds]
    if not within:
        least = min(one.milliseconds for one in front)
        raise UsageError(f"--milliseconds {milliseconds:g}: no firewall of the front takes less than {least:.3g}")
    chosen = min(within, key=lambda one: (one.chosen_asr, one.over_block, one.milliseconds))
    names = [*map(str, firewall.input), *map(str, firewall.output)]
    certificate = {
        **known,
        "certified": f"over-block of at most {chosen.over_block:g}, with confidence {confidence:g} for the whole front",
        "holds_on_later_traffic": chosen.holds,
        "shown_to_see_more_than_length": chosen.sees_more_than_length,
        "front": len(front),
        "candidates": compiler.candidates,
        "slices": [{"attacks": a, "harmless": h} for a, h in compiler.counts],
        "confidence": confidence,
        **_figures(chosen, names, firewall),
        "milliseconds_are": "of the run that asked the detectors, at the size of its batches; next to none if on file",
        "valid_for": "static traffic like that of the task: who sees the firewall may attack otherwise",
    }
    entry = {
        "model": "firewall",
        "arguments": _arguments(chosen, firewall),
        "description": _sentence(chosen, confidence, task),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(output, yaml.safe_dump({"models": {name: entry}}, sort_keys=False, allow_unicode=True, width=110))
    write_atomically(certificate_file, json.dumps(certificate, indent=2, ensure_ascii=False) + "\n")
    if as_json:
        listed = [_figures(one, names, firewall) for one in front]
        print_json({"written": str(output), "certificate": certificate, "front": listed})
        return
    _say(front, chosen, names, firewall, f"{output}: {name}, {entry['description']}")


def _evaluated(
    registry: Registry, task: str, text: str, split: str, store: Path | None
) -> tuple[Firewall, Columns, Mapping[str, Any]]:
    """Return the firewall that a specification names, and what it said of each exchange.

    Raises:
        UsageError: it is no firewall, the task is none of recorded traffic, or it was not evaluated there.
    """
    from harness.names import resolve_model
    from harness.results import existing_store_path, models_folder
    from harness.running import table_of_cell
    from harness.store import StoreReader, latest_cells

    from .firewall import Firewall
    from .replay import FirewallReplay

    built = registry.task(task)
    if not isinstance(built, FirewallReplay):
        raise UsageError(f"{task} is no task of recorded traffic: its kind is not firewall-replay")
    path = existing_store_path(registry, store)
    handle = resolve_model(registry, text, models_folder=models_folder(path))
    model = handle.model
    if not isinstance(model, Firewall):
        raise UsageError(f"-m {text}: is no firewall; give all detectors as firewall:input=[[A],[B]],policy=shadow")
    first = f"harness eval -m '{text}' -t {task}" + ("" if split == "test" else f" --split {split}")
    if not handle.is_trained:
        raise UsageError(f"-m {text}: a detector is not trained yet; evaluate it first: {first}")
    with StoreReader(path) as reader:
        cells = [
            cell
            for cell in latest_cells(reader, [task], settings={"split": split, "limit": None})
            if cell.fingerprint == handle.fingerprint and cell.task_digest == built.definition.digest
        ]
        if not cells:
            raise UsageError(f"-m {text}: was not evaluated on the whole of {task}; evaluate it first: {first}")
        columns = table_of_cell(reader, cells[-1], built.facts()).columns
    known = {"task": task, "task_digest": built.definition.digest, "split": split, "firewall": handle.fingerprint}
    return model, columns, known


def _traffic(firewall: Firewall, columns: Columns, task: str) -> Any:
    """Return what the detectors said, of exchanges that did not fail.

    Raises:
        UsageError: a detector was not asked about everything.
    """
    import numpy as np

    from .recorded_traffic import Traffic

    values = columns.values
    fine = np.isfinite(values["blocked"])
    counts = {"input": len(firewall.input), "output": len(firewall.output)}
    scores, took = [], []
    for stage, count in counts.items():
        for place in range(count):
            column = values[f"{stage}_scores"][fine]
            own = column[:, place] if column.ndim == 2 and column.shape[1] > place else np.full(len(column), np.nan)
            if missing := int(np.isnan(own).sum()):
                raise UsageError(
                    f"{task}: {stage} detector {place + 1} ({getattr(firewall, stage)[place]}) was not asked about "
                    f"{missing:,} of {len(own):,} exchanges; evaluate the firewall with policy=shadow, which asks all"
                )
            scores.append(own)
            took.append(float(np.nanmean(values[f"{stage}_milliseconds"][fine][:, place])))
    clusters = columns.clusters if columns.clusters is not None else np.arange(len(fine))
    return Traffic(
        np.stack(scores, axis=1),
        ("input",) * counts["input"] + ("output",) * counts["output"],
        np.array(took),
        values["label"][fine] == 1,
        values["attack"][fine] == 1,
        clusters[fine],
        values["characters"][fine],
    )


def _by_stage(one: Compiled, firewall: Firewall) -> dict[str, tuple[list[str], list[float]]]:
    """Return the detectors of each stage, in the order of asking, with their thresholds."""
    found: dict[str, tuple[list[str], list[float]]] = {"input": ([], []), "output": ([], [])}
    inputs = len(firewall.input)
    for place, threshold in zip(one.plan.detectors, one.thresholds, strict=True):
        stage = "input" if place < inputs else "output"
        found[stage][0].append(str(getattr(firewall, stage)[place - (0 if place < inputs else inputs)]))
        found[stage][1].append(threshold)
    return found


def _arguments(one: Compiled, firewall: Firewall) -> dict[str, Any]:
    """Return the arguments of the compiled firewall; what was given besides detectors and policy stays."""
    arguments: dict[str, Any] = {"base": firewall.base} if firewall.base else {}
    for stage, (names, thresholds) in _by_stage(one, firewall).items():
        if names:
            arguments |= {stage: names, f"{stage}_thresholds": thresholds}
    arguments["policy"] = one.plan.policy
    if one.plan.policy == "cascade":
        arguments["band"] = [-one.band, 0.0]
    standard = {"transforms": (), "output_reads": "exchange", "session": "none", "decay": 0.5}
    given = {key: getattr(firewall, key) for key in standard}
    return arguments | {
        key: list(value) if key == "transforms" else value
        for key, value in given.items()
        if value != standard[key] and list(value if key == "transforms" else [value])
    }


def _figures(one: Compiled, names: Sequence[str], firewall: Firewall) -> dict[str, Any]:
    return {
        "policy": one.plan.policy,
        "detectors": [
            {"stage": "input" if i < len(firewall.input) else "output", "detector": names[i], "threshold": threshold}
            for i, threshold in zip(one.plan.detectors, one.thresholds, strict=True)
        ],
        "over_block_at_most": one.over_block,
        "certified_on": {"blocked": one.blocked, "allowed": one.allowed, "harmless": one.of},
        "milliseconds": one.milliseconds,
        "on_later_traffic": asdict(one)["checked"],
    }


def _sentence(one: Compiled, confidence: float, task: str) -> str:
    return (
        f"over-block certified at most {100 * one.over_block:g} % with confidence {100 * confidence:g} % on {task} "
        f"({one.blocked} of {one.of} harmless blocked, {one.allowed} allowed); later traffic: residual ASR "
        f"{100 * one.checked['residual_asr']:.1f} %, over-block {100 * one.checked['over_block']:.1f} %; "
        "static traffic only"
    )


def _say(front: Sequence[Compiled], chosen: Compiled, names: Sequence[str], firewall: Firewall, written: str) -> None:
    from harness.results import say_table

    rows = []
    for one in front:
        joint = " then " if one.plan.policy == "cascade" else " or "
        later = one.checked
        rows.append(
            [
                "written" if one is chosen else "",
                joint.join(names[i] for i in one.plan.detectors),
                f"{100 * one.over_block:g}",
                *(
                    f"{100 * later[key]:.1f} [{100 * later[key + '_low']:.1f}, {100 * later[key + '_high']:.1f}]"
                    for key in ("residual_asr", "over_block")
                ),
                f"{one.milliseconds:.3g}",
            ]
        )
    say_table(["", "detectors", "certified over-block %", "later residual ASR %", "later over-block %", "ms"], rows)
    for one in front:
        if not one.holds:
            of = " and ".join(names[i] for i in one.plan.detectors)
            say(
                f"warning: {of}: of later traffic more is blocked than is certified: harmless traffic has changed, or "
                "is not independent",
                err=True,
            )
    if not chosen.sees_more_than_length:
        say("note: it is not shown to block more than the best rule of the prompts' length does at the same over-block")
    say(written)

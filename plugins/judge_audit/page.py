"""An audit for people: a table for the terminal, and one page that needs nothing beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness import THEME

GROUPS: Mapping[str, str] = {
    "answers": "Does it answer, and the same each time?",
    "position": "Does the order of the responses matter?",
    "tastes": "What does it like beside what is better?",
    "circles": "Do its preferences go in circles?",
    "labels": "Does it say what the labels say?",
}


def shown(figure: Mapping[str, Any], key: str) -> str:
    """Write a value or an end of the interval: shares in percent, differences of shares in points, effects in nats."""
    value = figure[key]
    if value is None:
        return "-"
    text = f"{value:.2f}" if figure["unit"] == "log-odds" else f"{100 * value:.1f}"
    return text.removeprefix("-") if not float(text) else text


def interval(figure: Mapping[str, Any]) -> str:
    """Write the interval; empty where there is none."""
    if figure["low"] is None or figure["high"] is None:
        return ""
    return f"[{shown(figure, 'low')}, {shown(figure, 'high')}]"


def fair(figure: Mapping[str, Any]) -> str:
    """Write what a fair judge has."""
    if figure["fair"] is None:
        return ""
    if figure["key"] in ("failure_rate", "unread_rate", "conflict_rate", "excess_cycles"):
        return f"at most {shown(figure, 'fair')}"
    return (
        f"at least {shown(figure, 'fair')}"
        if figure["key"] in ("self_consistency", "accuracy")
        else shown(figure, "fair")
    )


def flag(figure: Mapping[str, Any]) -> str:
    """Say whether a figure is flagged; empty where it is not tested."""
    if figure["adjusted"] is None:
        return ""
    return "FLAGGED" if figure["flagged"] else "fair"


def p_text(figure: Mapping[str, Any]) -> str:
    """Write the p-value after Holm's method; empty where there is none."""
    from harness.results import p_value

    return "" if figure["adjusted"] is None else p_value(figure["adjusted"])


def summary(document: Mapping[str, Any]) -> str:
    """Write an audit for the terminal."""
    from harness.results import percent, plain_table, visible

    lines = [visible(document["verdict"]), ""]
    head = ["", f"value [{percent(document['confidence'])}]", "fair", "p (Holm)", ""]
    for one in document["sets"]:
        lines += [_counted(one), ""]
        rows = []
        for group in one["figures"].values():
            for figure in group:
                value = f"{shown(figure, 'value')} {interval(figure)}".strip()
                # What was not measured has no row here: the page and the JSON say why.
                if figure["value"] is not None:
                    rows.append([figure["title"], value, fair(figure), p_text(figure), flag(figure)])
        lines += [plain_table(head, rows, left=(1, 2, 3, 4)), ""] if rows else []
        lines += [*_resolved(one["resolution"]), ""]
        lines += [f"warning: {visible(text)}" for text in one["warnings"]]
    return "\n".join(lines).rstrip() + "\n"


def _counted(one: Mapping[str, Any]) -> str:
    from harness.results import visible

    counts = f"{one['pairs']:,} pairs of {one['prompts']:,} prompts, {one['asked']:,} verdicts asked for"
    return f"{visible(one['task'])}: {counts}, {one['unread']:,} unread, {one['failed']:,} failed"


def _resolved(resolution: Mapping[str, Any]) -> list[str]:
    if "rows" not in resolution:
        return []
    said = []
    for row in resolution["rows"]:
        people = row["as_people_see_it"]
        seen = "none" if people is None else f"{100 * people:.1f}"
        said.append(f"{100 * row['of_win_rates']:.1f} ({seen}) with {row['prompts']:,}")
    return [
        "smallest difference of win rates that it shows, in points (of models, as the labels would have it): "
        + ", ".join(said)
    ]


def html(document: Mapping[str, Any]) -> str:
    """Write the page; every text of others is escaped."""
    from jinja2 import Environment, PackageLoader

    environment = Environment(loader=PackageLoader("harness_plugins.judge_audit"), autoescape=True, trim_blocks=True)
    environment.filters["visible"] = _visible
    functions = {"shown": shown, "interval": interval, "fair": fair, "flag": flag, "p_text": p_text, "place": place}
    template = environment.get_template("audit.html")
    return template.render(
        audit=document,
        groups=GROUPS,
        theme=THEME.read_text("utf-8"),
        level=f"{100 * document['confidence']:g} %",
        **functions,
    )


def _visible(text: object) -> str:
    from harness.results import visible

    return visible(str(text))


def place(figure: Mapping[str, Any], key: str) -> float:
    """Return where on its bar a value lies, in percent; bars of effects end at 4 nats."""
    low, high = {"fraction": (0.0, 1.0), "difference": (-1.0, 1.0)}.get(figure["unit"], (-4.0, 4.0))
    value = figure[key]
    if value is None or not math.isfinite(value):
        return 0.0
    return float(round(100 * (min(max(value, low), high) - low) / (high - low), 2))


def flagged_titles(document: Mapping[str, Any]) -> Sequence[str]:
    """List the titles of all flagged figures, each once."""
    return list(
        dict.fromkeys(
            figure["title"]
            for one in document["sets"]
            for group in one["figures"].values()
            for figure in group
            if figure["flagged"]
        )
    )

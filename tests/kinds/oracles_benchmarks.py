"""Slow, obvious definitions of the metrics of published benchmarks, over plain lists."""

import math

from oracles_mean import mean
from oracles_preference import word


def cells(columns, wanted):
    shares = []
    for c, r in zip(columns.values["chosen"].tolist(), columns.values["rejected"].tolist(), strict=True):
        if not any(map(math.isnan, [*c, *r])):
            shares.append(mean([float(c[i] > r[j]) for i in range(3) for j in range(3) if wanted(i, j)]))
    return mean(shares)


# ties: a row is (margin, spread, pair), of the reference prompts and of the tied ones


def ties_score(columns):
    v = columns.values
    rows = zip(v["margin"].tolist(), v["spread"].tolist(), v["reference"].tolist(), v["pair"].tolist(), strict=True)
    rows = [row for row in rows if not math.isnan(row[0])]
    references, tied = [r for r in rows if r[2] == 1], [r for r in rows if r[2] == 0]
    pairs = []
    for margin, spread, _, number in tied:
        partners = [m for m, _, _, other in references if other == number]
        if partners:
            pairs.append((margin, min(margin, *partners), spread))
    closeness = [
        0.0 if lower == s == 0 else math.tanh(lower / s - 1) if s else math.copysign(1, lower) for _, lower, s in pairs
    ]
    return (
        0.30 * mean([float(m > 0) for m, *_ in tied])
        + 0.30 * mean([float(m > 0) for m, *_ in references])
        + 0.20 * mean([float(m > s) for m, _, s in pairs])
        + 0.20 * mean([float(lower > s) for _, lower, s in pairs])
        + 0.01 * mean(closeness)
    )


# sectioned preference: a row is (credit, section, weight of the pair)


def rewardbench_credit(columns):
    v = columns.values
    rows = []
    for a, b, answered, scored, section, weight in zip(
        v["as_given"], v["exchanged"], v["answered"], v["scored"], v["section"], v["pair_weight"], strict=True
    ):
        if answered:
            undecided = 0.0 if scored else 0.5
            games = [{"win": 1.0, "loss": 0.0}.get(word(p), undecided) for p in (a, b)]
            rows.append((mean(games), int(section), weight))
    return rows


def section_mean(columns):
    rows = rewardbench_credit(columns)
    sections = []
    for wanted in sorted({section for _, section, _ in rows}):
        own = [(c, w) for c, section, w in rows if section == wanted]
        sections.append(sum(c * w for c, w in own) / sum(w for _, w in own))
    return mean(sections)


ORACLES = {
    "style_accuracy": lambda columns: cells(columns, lambda i, j: True),
    "style_accuracy_hard": lambda columns: cells(columns, lambda i, j: i < j),
    "style_accuracy_normal": lambda columns: cells(columns, lambda i, j: i == j),
    "style_accuracy_easy": lambda columns: cells(columns, lambda i, j: i > j),
    "ties_score": ties_score,
    "section_mean": section_mean,
    "accuracy_rewardbench@compat": lambda columns: mean([c for c, *_ in rewardbench_credit(columns)]),
}

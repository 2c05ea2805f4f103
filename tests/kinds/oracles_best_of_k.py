"""Slow, obvious definitions of the metrics of best-of-k, over plain lists."""

import math
from itertools import combinations

from oracles_mean import mean

# best of k: a row is a list of (score, correct)


def candidates(columns):
    rows = []
    for scores, correct in zip(columns.values["scores"].tolist(), columns.values["correct"].tolist(), strict=True):
        row = [(s, c) for s, c in zip(scores, correct, strict=True) if not math.isnan(c)]
        if not any(math.isnan(s) for s, _ in row):
            rows.append(row)
    return rows


def credit(row):
    top = max(s for s, _ in row)
    return mean([c for s, c in row if s == top])


def area(row):
    return mean([mean([credit(subset) for subset in combinations(row, k)]) for k in range(1, len(row) + 1)])


def split(row):
    return [s for s, c in row if c == 1], [s for s, c in row if c == 0]


def strictly_best(row):
    right, wrong = split(row)
    return float(any(all(r > w for w in wrong) for r in right))


def among_the_best(row):
    right, wrong = split(row)
    return float(any(all(r >= w for w in wrong) for r in right))


def reciprocal_rank(row, *, ties_against):
    right, wrong = split(row)
    ranks = [1 + sum(w > r or (ties_against and w == r) for w in wrong) for r in right]
    return max((1 / rank for rank in ranks), default=0.0)


def pairwise(columns, tie):
    shares = []
    for row in candidates(columns):
        right, wrong = split(row)
        pairs = [1.0 if r > w else tie if r == w else 0.0 for r in right for w in wrong]
        if pairs:
            shares.append(mean(pairs))
    return mean(shares)


def of_candidates(per_row):
    return lambda columns: mean([per_row(row) for row in candidates(columns)])


ORACLES = {
    "best_of_k_accuracy": of_candidates(credit),
    "best_of_k_strict": of_candidates(strictly_best),
    "best_of_k_with_ties": of_candidates(among_the_best),
    "best_of_k_area": of_candidates(area),
    "reciprocal_rank": of_candidates(lambda row: reciprocal_rank(row, ties_against=True)),
    "reciprocal_rank_with_ties": of_candidates(lambda row: reciprocal_rank(row, ties_against=False)),
    "pairwise_accuracy": lambda columns: pairwise(columns, 0.5),
    "pairwise_accuracy_strict": lambda columns: pairwise(columns, 0.0),
}

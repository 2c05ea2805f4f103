"""Slow, obvious definitions of the metrics of preference, over plain lists."""

import math

from oracles_mean import mean

# preference: a row is (as given, exchanged), each "win", "tie", "loss" or None of the better response


def word(preference):
    if math.isnan(preference):
        return None
    return "tie" if preference == 0.5 else "win" if preference > 0.5 else "loss"


def games(columns, *, keep_unread):
    v = columns.values
    rows = []
    for a, b, better, answered in zip(v["as_given"], v["exchanged"], v["better"], v["answered"], strict=True):
        row = word(a), word(b), int(better)
        if answered and (keep_unread or None not in row[:2]):
            rows.append(row)
    return rows


def of_games(per_row, *, keep_unread=False):
    return lambda columns: mean([per_row(*row) for row in games(columns, keep_unread=keep_unread)])


POINTS = {"win": 1, "tie": 0, "loss": -1, None: 0}
CREDIT = {"win": 1.0, "tie": 0.5, "loss": 0.0}


def strict(a, b, _):
    return ((a == "win") + (b == "win")) / 2


def both_orders(a, b, _):
    return float(POINTS[a] + POINTS[b] > 0)


def first_shown_wins(a, b, better):
    shown_first = [CREDIT[a], 1 - CREDIT[b]] if better == 0 else [1 - CREDIT[a], CREDIT[b]]
    return mean(shown_first)


def ties_to_second(a, _, better):
    return float(better == 1 if POINTS[a] == 0 else a == "win")


def first_order(columns):
    return mean([float(p > 0.5) for p in columns.values["as_given"] if not math.isnan(p)])


def cohen(codes):
    """Kappa of pairs of codes."""
    names = {code for pair in codes for code in pair}
    observed = mean([float(a == b) for a, b in codes])
    chance = sum(mean([a == name for a, _ in codes]) * mean([b == name for _, b in codes]) for name in names)
    return (observed - chance) / (1 - chance)


def winner(verdict, better):
    return {"win": better, "loss": 1 - better}.get(verdict, "neither")


def label_kappa(columns, orders=(0, 1)):
    rows = games(columns, keep_unread=False)
    return mean([cohen([(winner(row[order], row[2]), row[2]) for row in rows]) for order in orders])


def order_kappa(columns):
    return cohen([(winner(a, better), winner(b, better)) for a, b, better in games(columns, keep_unread=False)])


def published_kappa(*orders):
    """LLMBar codes verdicts for the first response 1 and others 0, and labels 1 and 2."""

    def of(columns):
        rows = games(columns, keep_unread=True)
        return mean([cohen([(int(winner(row[i], row[2]) == 0), row[2] + 1) for row in rows]) for i in orders])

    return of


def published_order_kappa(columns):
    rows = games(columns, keep_unread=True)
    return cohen([(winner(a, better) == 0, winner(b, better) == 0) for a, b, better in rows])


ORACLES = {
    "accuracy": of_games(lambda a, b, _: (CREDIT[a] + CREDIT[b]) / 2),
    "accuracy_strict": of_games(strict),
    "accuracy_strict@compat": of_games(strict, keep_unread=True),
    "accuracy_both_orders": of_games(both_orders),
    "accuracy_both_orders@compat": of_games(both_orders, keep_unread=True),
    "accuracy_right_in_both": of_games(lambda a, b, _: float(a == b == "win")),
    "accuracy_right_in_both@compat": of_games(lambda a, b, _: float(a == b == "win"), keep_unread=True),
    "accuracy_first_order": first_order,
    "accuracy_first_order@compat": of_games(lambda a, b, _: float(a == "win"), keep_unread=True),
    "accuracy_second_order": lambda c: mean([float(p > 0.5) for p in c.values["exchanged"] if not math.isnan(p)]),
    "accuracy_second_order@compat": of_games(lambda a, b, _: float(b == "win"), keep_unread=True),
    "label_kappa": label_kappa,
    "label_kappa@compat": published_kappa(0, 1),
    "label_kappa_first_order@compat": published_kappa(0),
    "label_kappa_second_order@compat": published_kappa(1),
    "order_kappa": order_kappa,
    "order_kappa@compat": published_order_kappa,
    "accuracy_ties_to_second@compat": of_games(ties_to_second, keep_unread=True),
    "unparsed_rate": of_games(lambda a, b, _: ((a is None) + (b is None)) / 2, keep_unread=True),
    "order_consistency": of_games(lambda a, b, _: float(a == b)),
    "order_consistency@compat": of_games(lambda a, b, _: float(POINTS[a] == POINTS[b]), keep_unread=True),
    "first_position_rate": of_games(first_shown_wins),
    "tie_rate": of_games(lambda a, b, _: ((a == "tie") + (b == "tie")) / 2),
}

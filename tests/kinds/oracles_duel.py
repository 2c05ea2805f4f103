"""Slow, obvious definitions of the metrics of duels, over plain lists."""

import math

from oracles_mean import mean


def duels(columns):
    """Return of each item with both games read, as the columns of these tests are asked in both orders, its games."""
    rows = columns.values["candidate_better"].tolist()
    return [row for row in rows if not any(map(math.isnan, row))]


def of_duels(per_item):
    return lambda columns: mean([per_item(row) for row in duels(columns)])


def credit(game):
    return 1.0 if game > 0.5 else 0.5 if game == 0.5 else 0.0


def position_gap(columns):
    rows = duels(columns)
    return mean([shown_first for _, shown_first in rows]) - mean([shown_second for shown_second, _ in rows])


def of_asked(columns, *, answered):
    """Return, item by item, how many games were asked or answered, and how many of them were read."""
    rows = zip(columns.values["duel_answered"].tolist(), columns.values["candidate_better"].tolist(), strict=True)
    for asked, games in rows:
        counted = [g for a, g in zip(asked, games, strict=True) if (a == 1 if answered else not math.isnan(a))]
        if counted:
            yield len(counted), sum(not math.isnan(g) for g in counted)


ORACLES = {
    "duel_win_rate": of_duels(mean),
    "duel_discrete_win_rate": of_duels(lambda row: mean([credit(game) for game in row])),
    "duel_tie_rate": of_duels(lambda row: mean([float(game == 0.5) for game in row])),
    "duel_position_gap": position_gap,
    "duel_coverage": lambda c: mean([read / all_ for all_, read in of_asked(c, answered=False)]),
    "duel_unread_rate": lambda c: mean([1 - read / all_ for all_, read in of_asked(c, answered=True)]),
}

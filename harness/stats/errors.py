"""Errors of the statistics: one exception class for each thing that can be wrong with the numbers.

```
ValueError
└── UnusableData
    ├── ShapeMismatch      arrays that should be aligned are not
    ├── OutOfRange         a value, an option or a probability outside what is allowed
    ├── OneClassOnly       a metric that compares two classes was given one
    ├── NothingCounted     a share of no items
    ├── NoFiniteMaximum    a Bradley-Terry likelihood without a finite maximum
    ├── SeparatedByCovariates  the same, because strengths and covariates together leave no exception
    └── NotIdentified      covariates that the battles cannot tell from the strengths or from each other
```
"""

from collections.abc import Sequence

_GROUPS_SHOWN = 4
_PLAYERS_SHOWN = 6


class UnusableData(ValueError):
    """The numbers do not allow the statistic that was asked for."""


class ShapeMismatch(UnusableData):
    """Two arrays that should describe the same items have different shapes."""


class OutOfRange(UnusableData):
    """A value lies outside the range in which the statistic is defined."""


class OneClassOnly(UnusableData):
    """Both classes are needed and only one is present."""

    def __init__(self, metric: str, *, positives: int, negatives: int) -> None:
        super().__init__(
            f"{metric} compares positive with negative items, and there are {positives} positive and "
            f"{negatives} negative items among those with a score; both classes are needed."
        )
        self.positives = positives
        self.negatives = negatives


class NothingCounted(UnusableData):
    """A share was asked for, and there is no item to take the share of."""

    def __init__(self, metric: str, of: str, *, n: int) -> None:
        super().__init__(f"{metric} is a share of {of}, and none of the {n} items with a score is one of them.")


class NoFiniteMaximum(UnusableData):
    """Some players never lost a point to the others, so a strength would be infinite.

    `groups` holds the players (by index) in strongly connected groups: inside a group everybody can be
    compared, between two groups all credit went one way or nobody ever met.
    """

    def __init__(self, groups: tuple[tuple[int, ...], ...], names: Sequence[str] | None = None) -> None:
        shown = ", ".join(_shorten(group, names) for group in groups[:_GROUPS_SHOWN])
        more = f" and {len(groups) - _GROUPS_SHOWN} more" if len(groups) > _GROUPS_SHOWN else ""
        super().__init__(
            f"The Bradley-Terry likelihood has no finite maximum: the players fall into {len(groups)} groups "
            f"between which all credit went one way or no battle took place: {shown}{more}. "
            "Remove players, add battles, or pass prior > 0."
        )
        self.groups = groups


class SeparatedByCovariates(UnusableData):
    """Strengths and covariates together tell winners from losers without exception, so that some would be infinite."""

    def __init__(self) -> None:
        super().__init__(
            "no finite maximum: strengths and covariates together tell winners from losers without exception; "
            "leave a covariate out, or give a prior."
        )


class NotIdentified(UnusableData):
    """Covariates have no coefficient of their own: they never differ, or follow from the players of a battle.

    `columns` holds their numbers among the covariates; -1 is the position intercept.
    """

    def __init__(self, columns: tuple[int, ...], why: str) -> None:
        shown = ", ".join("position" if column < 0 else f"covariate {column}" for column in columns)
        super().__init__(f"{shown}: {why}; leave it out, or pass covariate_prior > 0.")
        self.columns = columns


def _shorten(group: tuple[int, ...], names: Sequence[str] | None) -> str:
    """List the first few players of a group, for a message."""
    shown = ", ".join(str(player) if names is None else names[player] for player in group[:_PLAYERS_SHOWN])
    return f"{{{shown}{', ...' if len(group) > _PLAYERS_SHOWN else ''}}}"

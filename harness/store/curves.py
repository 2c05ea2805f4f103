"""Learning curves of trainers, filed under the directory of the trained model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from harness.store import schema as s
from harness.store.checked import read_checked, select_checked
from harness.store.reading import Readable
from harness.store.store import Store


def save_curve(store: Store, model: str, step: int, values: Mapping[str, float]) -> None:
    """File one point of a learning curve.

    Args:
        store: The store.
        model: Directory of the trained model.
        step: Number of the step; a point with the same number is replaced.
        values: Values by name, such as ``loss``.

    Raises:
        StoreError: the database cannot be written.
    """
    with store.transaction() as connection:
        for name, value in values.items():
            point = insert(s.curves).values(model=model, step=step, name=name, value=value)
            keys = ["model", "step", "name"]
            connection.execute(point.on_conflict_do_update(index_elements=keys, set_={"value": point.excluded.value}))


def delete_curve(store: Store, model: str) -> None:
    """Delete a learning curve, because another training begins under its name.

    Raises:
        StoreError: the database cannot be written.
    """
    with store.transaction() as connection:
        connection.execute(sa.delete(s.curves).where(s.curves.c.model == model))


def read_curve(store: Readable, model: str) -> list[tuple[int, str, float]]:
    """Return all points of a learning curve as (step, name, value), sorted by step and name.

    Raises:
        DamagedRecord: a value on file is no number.
        StoreError: the store cannot be read.
    """
    c = s.curves.c
    query = select_checked(s.curves).where(c.model == model).order_by(c.step, c.name)
    with store.reading() as connection:
        return [(row["step"], row["name"], row["value"]) for row in read_checked(connection, s.curves, query)]


@dataclass(frozen=True, slots=True)
class CurveOverview:
    """One learning curve: where the trained model lies, and how long the curve is."""

    model: str
    """Directory of the trained model."""
    steps: int
    """How many steps it has."""
    last: int
    """Number of the last step."""


def list_curves(store: Readable, *, offset: int = 0, size: int = 50) -> list[CurveOverview]:
    """List the learning curves, by directory.

    Args:
        store: The store.
        offset: How many to leave out at the beginning.
        size: How many to list at most.

    Raises:
        StoreError: the store cannot be read.
    """
    c = s.curves.c
    query = sa.select(c.model, sa.func.count(c.step.distinct()), sa.func.max(c.step)).group_by(c.model)
    with store.reading() as connection:
        found = connection.execute(query.order_by(c.model).offset(offset).limit(size)).all()
    return [CurveOverview(str(model), int(steps), int(last)) for model, steps, last in found]

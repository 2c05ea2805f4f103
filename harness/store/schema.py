"""The tables of a store; their version is in `harness.store.migrations`."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
)

from harness.store.columns import JsonNames, JsonObject, Moment
from harness.store.columns import Name as String
from harness.store.columns import Prose as Text

metadata = MetaData()

about = Table(
    "about",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)
"""Facts about the store itself: its schema version."""

models = Table(
    "models",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", String, nullable=False, unique=True),
    Column("description", JsonObject, nullable=False),  # reference, arguments, identity, versions
)

capabilities = Table(
    "capabilities",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
)

responses = Table(
    "responses",
    metadata,
    Column("model", Integer, primary_key=True),
    Column("capability", Integer, primary_key=True),
    Column("key", LargeBinary(16), primary_key=True),
    Column("number", Float),  # scores and log-odds
    Column("record", Text),  # JSON of the others; for arrays, where they lie
    Column("error", Text),  # why it failed; such a request is asked again on the next run
    # Rows are clustered by their key, so that finding one reads a single page.
    sqlite_with_rowid=False,
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started", Moment, nullable=False),  # UTC
    Column("finished", Moment),  # UTC
    Column("status", String, nullable=False),  # running, done, failed, interrupted
    Column("description", JsonObject, nullable=False),  # command, versions, git, hardware, seed
)

cells = Table(
    "cells",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", Integer, ForeignKey("runs.id"), nullable=False),
    Column("label", String, nullable=False),  # the model as the user named it
    Column("fingerprint", String, nullable=False),  # of the model and every other role
    Column("task", String, nullable=False),
    Column("task_digest", String, nullable=False),
    Column("settings", JsonObject, nullable=False),  # limit, seed, split, task version
    Column("adapters", JsonNames, nullable=False),
    Column("status", String, nullable=False),  # done, failed
    Column("problem", Text),
    Column("items", Integer),
    Column("failed_requests", Integer),
    Column("requests", Integer),
    Column("computed", Integer),  # responses not taken from the store
    Column("seconds", Float),
    Column("columns", String),  # file of the columns, below the store's folder
    Index("cells_by_task", "task", "label"),
    Index("cells_by_run", "run", "status"),
)

estimates = Table(
    "estimates",
    metadata,
    Column("cell", Integer, ForeignKey("cells.id"), primary_key=True),
    Column("metric", String, primary_key=True),
    Column("domain", String, primary_key=True),
    Column("value", Float),
    Column("stderr", Float),
    Column("low", Float),
    Column("high", Float),
    Column("n", Integer, nullable=False),
    Column("n_failed", Integer, nullable=False),
    Column("unit", String, nullable=False),
    Column("higher_is_better", Boolean, nullable=False),
    Column("headline", Boolean, nullable=False),
    Column("detail", JsonObject, nullable=False),
)

chance_levels = Table(
    "chance_levels",
    metadata,
    Column("cell", Integer, ForeignKey("cells.id"), primary_key=True),
    Column("metric", String, primary_key=True),
    Column("domain", String, primary_key=True),
    Column("level", Float, nullable=False),
)
"""Chance levels of estimates; of estimates of early versions, and of metrics without one, there is no row."""

failures = Table(
    "failures",
    metadata,
    Column("cell", Integer, ForeignKey("cells.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("item", String, nullable=False),
    Column("reason", Text, nullable=False),
)

reuse = Table(
    "reuse",
    metadata,
    Column("cell", Integer, ForeignKey("cells.id"), primary_key=True),
    Column("responses", Integer, nullable=False),  # how many responses of the cell were on file when it began
)

remarks = Table(
    "remarks",
    metadata,
    Column("cell", Integer, ForeignKey("cells.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("text", Text, nullable=False),  # what a model said about how its answers came about
)

asked = Table(
    "asked",
    metadata,
    Column("cell", Integer, ForeignKey("cells.id"), primary_key=True),
    Column("stage", Integer, primary_key=True),
    Column("role", String, nullable=False),
    Column("model", String, nullable=False),  # its label
    Column("fingerprint", String, nullable=False),
    Column("capability", String, nullable=False),  # what the task asked for
    Column("adapters", JsonNames, nullable=False),  # outermost first; the last leads to what the model was asked
    Column("listwise", Boolean, nullable=False),
    Column("by_origin", Boolean, nullable=False),  # requests are filed by item, not by text
)
"""The model of each stage of a cell, and how it was asked: with the task's data, this leads to every response."""

progress = Table(
    "progress",
    metadata,
    Column("run", Integer, ForeignKey("runs.id"), primary_key=True),
    Column("cell", Integer, nullable=False),  # number of the cell under way, from 1
    Column("cells", Integer, nullable=False),
    Column("model", String, nullable=False),
    Column("task", String, nullable=False),
    Column("done", Integer, nullable=False),  # items of that cell
    Column("total", Integer),
    Column("updated", Moment, nullable=False),  # UTC; long ago: the process is gone, or a batch is long
)
"""The progress of the runs, for readers who watch them."""

curves = Table(
    "curves",
    metadata,
    Column("model", String, primary_key=True),  # directory of the trained model
    Column("step", Integer, primary_key=True),
    Column("name", String, primary_key=True),
    Column("value", Float),
)
"""Learning curves of trainers."""

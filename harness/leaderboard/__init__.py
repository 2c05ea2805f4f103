"""Leaderboards: assembled from a store, rendered as a table, Markdown, CSV, JSON or HTML.

What this package exports is for publishers and analyses of plugins.
Everything is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy_names import import_on_use

if TYPE_CHECKING:  # the one list of the public names, see `import_on_use`
    from harness.leaderboard.about import about_html as about_html
    from harness.leaderboard.aggregates import aggregates_of as aggregates_of
    from harness.leaderboard.aggregates import split_selector as split_selector
    from harness.leaderboard.aggregates import task_of as task_of
    from harness.leaderboard.assembling import assemble as assemble
    from harness.leaderboard.assembling import current_cells as current_cells
    from harness.leaderboard.assembling import title_of as title_of
    from harness.leaderboard.board import Board as Board
    from harness.leaderboard.board import BoardEntry as BoardEntry
    from harness.leaderboard.board import Column as Column
    from harness.leaderboard.cost import COST_COLUMN as COST_COLUMN
    from harness.leaderboard.documents import latex_text as latex_text
    from harness.leaderboard.field_fitting import FieldFigures as FieldFigures
    from harness.leaderboard.field_fitting import field_figures as field_figures
    from harness.leaderboard.notes import items_text as items_text
    from harness.leaderboard.notes import note_on_generated as note_on_generated
    from harness.leaderboard.published_places import against_published as against_published
    from harness.leaderboard.published_rows import shipped_files as shipped_files
    from harness.leaderboard.rendering import FORMATS as FORMATS
    from harness.leaderboard.rendering import as_json as as_json
    from harness.leaderboard.rendering import rank_text as rank_text
    from harness.leaderboard.rendering import render as render
    from harness.leaderboard.shared_items import Combination as Combination
    from harness.leaderboard.shared_items import SharedItems as SharedItems
    from harness.leaderboard.shown_columns import failed_text as failed_text
    from harness.leaderboard.unranked import Claim as Claim
    from harness.leaderboard.unranked import claim as claim
    from harness.leaderboard.unranked import divider_of as divider_of
    from harness.leaderboard.unranked import why_unranked as why_unranked

if not TYPE_CHECKING:  # a type checker would take a misspelt name, too, for one that is found here
    __getattr__ = import_on_use(__name__)

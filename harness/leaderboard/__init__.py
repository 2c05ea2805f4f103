"""Leaderboards: assembled from a store, rendered as a table, Markdown, CSV, JSON or HTML."""

from harness.leaderboard.assemble import assemble
from harness.leaderboard.board import Board, Entry
from harness.leaderboard.render import FORMATS, render

__all__ = ["FORMATS", "Board", "Entry", "assemble", "render"]

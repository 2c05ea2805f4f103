"""Leaderboards: assembled from a store, rendered as a table, Markdown, CSV, JSON or HTML."""

from harness.leaderboard.assemble import assemble
from harness.leaderboard.board import Board, BoardEntry
from harness.leaderboard.render import FORMATS, render

__all__ = ["FORMATS", "Board", "BoardEntry", "assemble", "render"]

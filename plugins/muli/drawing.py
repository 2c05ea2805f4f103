"""Draws the tokens of an explanation as bars, into one HTML file that needs no network."""

from __future__ import annotations

import html
from pathlib import Path

from harness import UsageError, write_atomically

from .explanation import Explanation


def write_picture(explanation: Explanation, path: Path) -> None:
    """Draw the bars, the weightiest token on top.

    Raises:
        UsageError: the file cannot be written.
    """
    import plotly.graph_objects as go

    whole = explanation.score is not None
    rows = list(reversed(explanation.rows))
    values = [row.contribution if whole else row.weight for row in rows]
    # Tokens are text of a vocabulary; plotly would read tags in it.
    names = [f"{html.escape(repr(row.token)[1:-1])} ({row.id})" for row in rows]
    title = f"What each token adds to the score {explanation.score:+.2f}" if whole else "Weights of tokens"
    colours = ["#b2432f" if (value or 0) > 0 else "#2f6db2" for value in values]
    figure = go.Figure(go.Bar(x=values, y=names, orientation="h", marker_color=colours))
    figure.update_layout(
        title=title,
        xaxis_title="nats; to the right: the positive class",
        height=120 + 24 * len(rows),
        template="plotly_white",
        margin={"l": 160},
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, figure.to_html(include_plotlyjs=True, full_html=True))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error

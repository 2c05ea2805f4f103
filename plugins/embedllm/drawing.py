"""Writes the coordinates of a router's models: as a picture with ellipses, as CSV, or as JSON."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from harness import UsageError, write_atomically

from .canonical import ellipse
from .saved import Saved


def document(saved: Saved) -> dict[str, Any]:
    """Return coordinates, errors, ellipses and neighbours as plain data."""
    found = saved.canonical
    covariances = found.covariances()
    distances = found.distances()
    models = []
    for i, (nearest, share) in enumerate(found.neighbours()):
        own = None if covariances is None else covariances[i]
        models.append(
            {
                "model": saved.models[i],
                "coordinates": found.coordinates[i].tolist(),
                "errors": None if own is None else np.sqrt(np.diag(own)).tolist(),
                "covariance": None if own is None else own[:2, :2].tolist(),
                "nearest": saved.models[nearest],
                "distance": float(distances[i, nearest]),
                "nearest_share": share,
                "answers": saved.added.get(saved.models[i]),
            }
        )
    shares = found.values**2 / max(float((found.values**2).sum()), 1e-300)
    return {"replicates": len(found.replicates), "shares": shares.tolist(), "models": models}


def write(saved: Saved, path: Path) -> None:
    """Write the coordinates in the form that the file's ending names.

    Raises:
        UsageError: the ending names none, or the file cannot be written.
    """
    ways: dict[str, Callable[[dict[str, Any]], str]] = {".html": _picture, ".csv": _table, ".json": _json}
    if path.suffix not in ways:
        raise UsageError(
            f"{path}: cannot be written as {path.suffix or 'a file without ending'}; use .html, .csv, .json"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, ways[path.suffix](document(saved)))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from error


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1) + "\n"


def _table(content: dict[str, Any]) -> str:
    width = len(content["models"][0]["coordinates"])
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    numbered = range(1, width + 1)
    out.writerow(["model", *(f"coordinate_{i}" for i in numbered), *(f"error_{i}" for i in numbered), "nearest"])
    for one in content["models"]:
        out.writerow([one["model"], *one["coordinates"], *(one["errors"] or [""] * width), one["nearest"]])
    return text.getvalue()


def _picture(content: dict[str, Any]) -> str:
    import plotly.graph_objects as go

    figure = go.Figure()
    for one in content["models"]:
        x, y = (*one["coordinates"], 0.0)[:2]
        name = html.escape(one["model"])  # plotly would read tags in it
        if one["covariance"] is not None and len(one["covariance"]) == 2:
            outline = ellipse(np.array([x, y]), np.array(one["covariance"]))
            figure.add_trace(
                go.Scatter(
                    x=outline[:, 0],
                    y=outline[:, 1],
                    mode="lines",
                    line={"width": 1, "color": "rgba(47,109,178,.5)"},
                    fill="toself",
                    fillcolor="rgba(47,109,178,.08)",
                    hoverinfo="skip",
                    showlegend=False,
                )
            )
        few = one["answers"] is not None
        figure.add_trace(
            go.Scatter(
                x=[x],
                y=[y],
                text=[name + (f" ({one['answers']} answers)" if few else "")],
                mode="markers+text",
                textposition="top center",
                marker={"size": 8, "color": "#b2432f" if few else "#2f6db2"},
                showlegend=False,
            )
        )
    first, second = (*content["shares"], 0.0)[:2]
    figure.update_layout(
        title="Models by their canonical coordinates, with 95 % ellipses",
        xaxis_title=f"first coordinate, {100 * first:.0f} % of squared weights",
        yaxis_title=f"second coordinate, {100 * second:.0f} %",
        template="plotly_white",
        height=720,
    )
    figure.update_yaxes(scaleanchor="x")  # distances are to be seen
    return str(figure.to_html(include_plotlyjs=True, full_html=True))

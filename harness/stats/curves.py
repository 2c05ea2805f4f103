"""Curves with no more points than an eye can tell apart, each of which is a point of the data."""

import numpy as np

from harness.stats._arrays import FloatArray, IntArray

MOST_POINTS = 500


def thinned(x: FloatArray, y: FloatArray, *, most: int = MOST_POINTS) -> IntArray:
    """Choose the points of a curve to draw: all corners if they are few, else points evenly along its length.

    No point is moved and both ends stay; points that are left out lie within 1 / `most` of the curve's length.

    Args:
        x: shape (n,), as drawn (the logarithm, for a logarithmic axis), in drawing order.
        y: shape (n,).
        most: number of points kept at most.
    """
    across, up = np.diff(x), np.diff(y)
    # A point on a horizontal or vertical run changes nothing.
    inner = ((across[1:] == 0) & (across[:-1] == 0)) | ((up[1:] == 0) & (up[:-1] == 0))
    corners = np.flatnonzero(np.concatenate([[True], ~inner, [True]])[: x.size])
    if corners.size <= most:
        return corners
    x, y = x[corners], y[corners]
    step = np.abs(np.diff(x)) / (np.ptp(x) or 1.0) + np.abs(np.diff(y)) / (np.ptp(y) or 1.0)
    length = np.concatenate([[0.0], np.cumsum(step)])
    nearest = np.searchsorted(length, np.linspace(0.0, length[-1], most))
    nearest[-1] = corners.size - 1
    return np.asarray(corners[np.unique(nearest)])

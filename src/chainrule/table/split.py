"""Rows kept for training and rows held out."""

import numpy as np

__all__ = ["split_rows"]


def split_rows(
    n_rows: int, fraction: float, seed: int, classes: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers for training and row numbers held out, both ascending, drawn at random.

    Parameters
    ----------
    n_rows : int
    fraction : float in [0, 1)
        Share of the rows that is held out, rounded; at least one row stays for training.
    seed : int
        The same seed gives the same rows.
    classes : array of n_rows labels, optional
        Every class is then held out in its share (to one row), and keeps a row for training, so that a
        class with one member is trained on: what was never seen cannot be predicted.

    Returns
    -------
    training, held_out : arrays of int
    """
    order = np.random.default_rng(seed).permutation(n_rows)
    n_held_out = min(round(n_rows * fraction), n_rows - 1)
    if classes is None:
        held_out = order[:n_held_out]
    else:
        held_out = _stratified(order, np.asarray(classes), n_held_out)
    is_held_out = np.zeros(n_rows, dtype=bool)
    is_held_out[held_out] = True
    return np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)


def _stratified(order: np.ndarray, classes: np.ndarray, n_held_out: int) -> np.ndarray:
    """The largest-remainder method: whole shares first, then the largest fractions of a row."""
    _, codes, counts = np.unique(classes, return_inverse=True, return_counts=True)
    shares = counts * n_held_out / len(order)
    quota = np.floor(shares).astype(int)
    most = counts - 1
    for code in np.argsort(quota - shares, kind="stable"):
        if quota.sum() < n_held_out and quota[code] < most[code]:
            quota[code] += 1
    quota = np.minimum(quota, most)
    shuffled = codes[order]
    return np.concatenate([order[shuffled == code][: quota[code]] for code in range(len(counts))])

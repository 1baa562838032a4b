"""Findings about rows and targets: too few of them, a rare class, a column that gives the target away."""

from typing import Any

import numpy as np

from chainrule.explain.diagnosis import Finding, named, percent
from chainrule.explain.examined import Examined, plain_numbers
from chainrule.explain.findings_fit import linear_answers, points

__all__ = ["imbalanced_classes", "leaking_column", "too_few_rows"]

Array = Any

FEWEST_ROWS = 50
"""A fifth of fewer rows are fewer than ten to test with: such a score has a standard error of 0.15."""
FEWEST_ROWS_PER_COLUMN = 2.0
"""Cover 1965: up to two rows per column a plane separates any labels, also those drawn by lot."""
FEWEST_ROWS_PER_CLASS = 10
"""A share of 15 % of fewer is one row or none: nothing tells whether the class was learned."""

SHARE_OF_EVEN_SHARE = 0.05
"""Of two classes the rarer then has 2.5 % of the rows: who never names it is right in 97.5 %."""

NEARLY_PERFECT = 0.999
"""Real measurements have errors in more than one row of a thousand; a copy of the target has none."""
OTHERS_AT_MOST = 0.99
"""Where the other columns together do nearly as well, the target is easy, not given away."""
SUSPECTS_AT_MOST = 0.5
"""Of the columns: where most of them tell the target, each alone, it is easy too."""
FEWEST_ROWS_TO_TELL_A_LEAK = 200
"""No error in n rows means an error below 3/n (rule of three): 1.5 %. Single columns of easy real tables,
such as a petal's width, have 4 %."""
FEWEST_ROWS_TO_TELL_A_MAPPING = 20
_CELLS_TRIED = 600_000
_MOST_ROWS_TRIED = 2_000


def too_few_rows(examined: Examined) -> Finding | str | None:
    """Fewer than 50 rows, 2 per column, or 10 per class."""
    n, d = len(examined.y), len(examined.rows.columns)
    n_classes = len(examined.model.classes_) if examined.one_label_per_row else 0
    wanted = {"in all": (float(n), float(FEWEST_ROWS))}
    if d:
        wanted["per column"] = (n / d, FEWEST_ROWS_PER_COLUMN)
    if n_classes:
        wanted["per class"] = (n / n_classes, FEWEST_ROWS_PER_CLASS)
    short = {what: have for what, (have, least) in wanted.items() if have < least}
    if not short:
        return None
    told = ", ".join(f"{have:.3g} {what} (at least {wanted[what][1]:g})" for what, have in short.items())
    return Finding(
        "too few rows",
        "notable",
        f"There are {n} rows{f' for {d} columns' * bool(d)}: {told}. A network can learn so few by heart, "
        "and scores on held-out parts of them are mostly luck.",
        {
            "rows": n,
            "columns": d,
            "rows_per_column": n / d if d else None,
            "rows_per_class": n / n_classes if n_classes else None,
        },
        "Get more rows, leave columns out, or use a linear model; judge by repeated cross-validation.",
        "rows",
    )


def imbalanced_classes(examined: Examined) -> Finding | str | None:
    """A class with fewer than 10 rows, or less than a twentieth of what would be its even share."""
    if not examined.one_label_per_row:
        return "for two and more classes only"
    classes, y = examined.model.classes_, examined.y
    counts = np.bincount(np.searchsorted(classes, y), minlength=len(classes))
    if len(y) < FEWEST_ROWS_PER_CLASS * len(classes):
        return "too few rows for any class"
    relative = counts * len(classes) / len(y)
    rare = np.flatnonzero((counts < FEWEST_ROWS_PER_CLASS) | (relative < SHARE_OF_EVEN_SHARE))
    if not len(rare):
        return None
    rarest = int(np.argmin(counts))
    names = [str(classes[place]) for place in rare]
    return Finding(
        "imbalanced classes",
        "severe" if counts[rarest] < FEWEST_ROWS_PER_CLASS else "notable",
        f"Class {names[rare.tolist().index(rarest)]!r} has {counts[rarest]} of {len(y):,} rows "
        f"({percent(counts[rarest] / len(y))}); {len(rare)} of {len(classes)} classes are rare. Accuracy "
        "hardly changes when a rare class is always missed.",
        {
            "rows_by_class": {name: int(counts[place]) for name, place in zip(names, rare, strict=True)},
            "share_of_rarest": float(counts[rarest] / len(y)),
        },
        "Judge by log loss, balanced accuracy or average precision; get more rows of rare classes, join "
        "them, or weigh them with class_weight.",
        f"class{'es' * (len(rare) > 1)} {named(names)}",
    )


def leaking_column(examined: Examined) -> Finding | str | None:
    """A column that alone tells the target of other rows, which the other columns together cannot."""
    if examined.y.ndim > 1:
        return "for one target only"
    if examined.is_classifier and not examined.one_label_per_row:
        return "for two and more classes only"
    columns = examined.rows.columns
    if len(columns) < 2:
        return "one column only"
    n_rows = min(
        len(examined.rows), _MOST_ROWS_TRIED, max(FEWEST_ROWS_TO_TELL_A_LEAK, _CELLS_TRIED // len(columns))
    )
    drawn = np.random.default_rng(1).permutation(len(examined.rows))[:n_rows]
    x = np.column_stack([_in_range(plain_numbers(cells)[drawn]) for cells in columns])
    y = _to_tell(examined)[drawn]
    scores = np.array([_score_of_column(column, y, examined.is_classifier) for column in x.T])
    suspects = scores >= NEARLY_PERFECT
    if not suspects.any() or suspects.mean() > SUSPECTS_AT_MOST:
        return None
    others = _score_of_table(x[:, ~suspects], y, examined.is_classifier)
    if others >= OTHERS_AT_MOST:
        return None
    measure = "accuracy" if examined.is_classifier else "R² of ranks"
    names = [columns[place].name for place in np.flatnonzero(suspects)]
    return Finding(
        "leaking column",
        "severe",
        f"{named(names)} alone {'tells' if len(names) == 1 else 'tell'} the target of other rows "
        f"({measure} {scores[suspects].max():.4f}); all other columns together reach {others:.3f}. Such a "
        "column is mostly made from the target, or known only after it.",
        {
            "score_alone": {name: float(score) for name, score in zip(names, scores[suspects], strict=True)},
            "score_of_the_others": float(others),
            "measure": measure,
            "threshold": NEARLY_PERFECT,
            "rows": int(n_rows),
        },
        "Ask whether it is known when predictions are wanted. If not, leave it out and train again.",
        f"column{'s' * (len(names) > 1)} {named(names)}",
    )


def _to_tell(examined: Examined) -> Array:
    """Class numbers; of a regression the ranks of the targets, which a copy on any scale shares."""
    if examined.is_classifier:
        return examined.rows.class_numbers
    from scipy.stats import rankdata

    return rankdata(examined.rows.y) / len(examined.rows)


def _in_range(x: Array) -> Array:
    """(x - median) / largest: numbers of any size as trees, which compute in float32, can tell them apart."""
    known = x[~np.isnan(x)]
    if not len(known):
        return x
    unit = max(float(np.abs(known).max()), np.finfo(float).tiny)
    x = x / unit - np.median(known / unit)
    return x / max(float(np.nanmax(np.abs(x))), np.finfo(float).tiny)


def _score_of_column(x: Array, y: Array, is_classifier: bool) -> float:
    """How well the column alone tells y of other rows: 1 for the target renamed, 0 where rows are too few."""
    if np.isnan(x).mean() > 0.5:
        return 0.0
    if len(y) >= FEWEST_ROWS_TO_TELL_A_MAPPING and _is_mapping(x, y, is_classifier):
        return 1.0
    if len(y) < FEWEST_ROWS_TO_TELL_A_LEAK:
        return 0.0
    first = _tree_score(x[:, None], y, is_classifier, n_folds=1)
    return first if first < NEARLY_PERFECT else _tree_score(x[:, None], y, is_classifier, n_folds=3)


def _is_mapping(x: Array, y: Array, is_classifier: bool) -> bool:
    """Whether there is one value for each class, or numbers have the order of the targets or its reverse."""
    if np.isnan(x).any():
        return False
    n_values, n_targets = len(np.unique(x)), len(np.unique(y))
    n_pairs = len(np.unique(np.column_stack([x, y]), axis=0))
    if not n_values == n_targets == n_pairs or n_targets < 2:
        return False
    if is_classifier:
        return True
    steps = np.diff(np.unique(np.column_stack([x, y]), axis=0)[:, 1])
    return bool(n_targets >= FEWEST_ROWS_TO_TELL_A_MAPPING and ((steps > 0).all() or (steps < 0).all()))


def _tree_score(x: Array, y: Array, is_classifier: bool, n_folds: int) -> float:
    """Accuracy or R² of a decision tree on rows it has not learned from: the first of three folds, or all."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    fold = np.arange(len(y)) % 3
    right = []
    for k in range(n_folds):
        tree = (DecisionTreeClassifier if is_classifier else DecisionTreeRegressor)(random_state=0)
        told = tree.fit(x[fold != k], y[fold != k]).predict(x[fold == k])
        right.append(points(told, y[fold == k], is_classifier).mean())
    return float(np.mean(right))


def _score_of_table(x: Array, y: Array, is_classifier: bool) -> float:
    """The better of a tree and a linear model, by cross-validation."""
    median = np.nanmedian(np.where(np.isnan(x).all(axis=0), 0.0, x), axis=0)
    told = linear_answers(np.where(np.isnan(x), median, x), y, is_classifier)
    linear = points(told, y, is_classifier).mean()
    return max(float(linear), _tree_score(x, y, is_classifier, n_folds=3))

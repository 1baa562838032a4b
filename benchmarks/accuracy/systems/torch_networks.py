"""RealMLP with its tuned defaults (TD), on the CPU."""

from typing import Any

__all__ = ["realmlp"]

Array = Any
Frame = Any


class RealMLP:
    """One network; for classes without label smoothing and with the epoch chosen by cross entropy.

    That is what its author advises for log loss. Missing numbers, which it refuses, are filled by the
    median, with an indicator.
    """

    def __init__(self, classes: bool) -> None:
        from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

        common = {"n_cv": 1, "random_state": 0, "device": "cpu", "verbosity": 0}
        if classes:
            self.model = RealMLP_TD_Classifier(use_ls=False, val_metric_name="cross_entropy", **common)
        else:
            self.model = RealMLP_TD_Regressor(**common)
        self.classes = classes

    def fit(self, X: Frame, y: Array) -> "RealMLP":
        import numpy as np

        self.medians = X.select_dtypes("number").median()
        self.with_gaps = [column for column in self.medians.index if X[column].isna().any()]
        self.categories = list(X.select_dtypes("category"))
        if self.classes:
            self.classes_, y = np.unique(y, return_inverse=True)
        self.model.fit(self.filled(X), y, cat_col_names=self.categories)
        return self

    def predict(self, X: Frame) -> Array:
        return self.model.predict(self.filled(X)).reshape(-1)

    def predict_proba(self, X: Frame) -> Array:
        return self.model.predict_proba(self.filled(X))

    def filled(self, X: Frame) -> Frame:
        """Numbers without gaps, and a column of 0 and 1 for each that had some in training."""
        gaps = {f"{column} missing": X[column].isna().astype(float) for column in self.with_gaps}
        return X.fillna(self.medians.fillna(0.0)).assign(**gaps)


def realmlp(classes: bool) -> Any:
    return RealMLP(classes)

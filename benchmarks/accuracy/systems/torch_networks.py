"""RealMLP with its tuned defaults (TD) and TabM with its defaults (D), on the CPU."""

from typing import Any

__all__ = ["realmlp", "tabm"]

Array = Any
Frame = Any

_COMMON = {"n_cv": 1, "random_state": 0, "device": "cpu", "verbosity": 0}


class Filled:
    """A model that refuses missing numbers: they are filled by the median, with an indicator."""

    def __init__(self, model: Any, classes: bool) -> None:
        self.model, self.classes = model, classes

    def fit(self, X: Frame, y: Array) -> "Filled":
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
    """For classes without label smoothing, the epoch chosen by cross entropy: as advised for log loss."""
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    if classes:
        model = RealMLP_TD_Classifier(use_ls=False, val_metric_name="cross_entropy", **_COMMON)
        return Filled(model, classes)
    return Filled(RealMLP_TD_Regressor(**_COMMON), classes)


def tabm(classes: bool) -> Any:
    """As its package has it, the epoch of a classifier chosen by cross entropy."""
    from pytabkit import TabM_D_Classifier, TabM_D_Regressor

    if classes:
        return Filled(TabM_D_Classifier(val_metric_name="cross_entropy", **_COMMON), classes)
    return Filled(TabM_D_Regressor(**_COMMON), classes)

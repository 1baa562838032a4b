"""Boosted trees with their defaults, given the categories in the way that each wants them."""

from collections.abc import Callable
from typing import Any

__all__ = ["catboost", "hgb", "lgbm", "xgb"]

Array = Any
Frame = Any


class Adapted:
    """A model behind a change of the columns; labels are given to it as the numbers of the classes.

    Parameters
    ----------
    change : applied to the frames, at fit and at predict
    classes : whether the target holds labels
    told : argument of `fit` by which the model is told the columns that are categories, if there is one
    """

    def __init__(
        self, model: Any, change: Callable[[Frame], Frame], classes: bool, told: str | None = None
    ) -> None:
        self.model, self.change, self.classes, self.told = model, change, classes, told

    def fit(self, X: Frame, y: Array) -> "Adapted":
        import numpy as np

        X = self.change(X)
        if self.classes:
            self.classes_, y = np.unique(y, return_inverse=True)
        categories = [name for name in X if X[name].dtype.kind not in "biuf"]
        self.model.fit(X, y, **({self.told: categories} if self.told else {}))
        return self

    def predict(self, X: Frame) -> Array:
        return self.model.predict(self.change(X))

    def predict_proba(self, X: Frame) -> Array:
        return self.model.predict_proba(self.change(X))


def hgb(classes: bool) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    estimator = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    return estimator(categorical_features="from_dtype")


def lgbm(classes: bool) -> Any:
    from lightgbm import LGBMClassifier, LGBMRegressor

    estimator = LGBMClassifier if classes else LGBMRegressor
    return Adapted(estimator(verbose=-1), numbered_columns, classes)


def xgb(classes: bool) -> Any:
    from xgboost import XGBClassifier, XGBRegressor

    estimator = XGBClassifier if classes else XGBRegressor
    return Adapted(estimator(enable_categorical=True), numbered_columns, classes)


def catboost(classes: bool) -> Any:
    from catboost import CatBoostClassifier, CatBoostRegressor

    estimator = CatBoostClassifier if classes else CatBoostRegressor
    return Adapted(
        estimator(verbose=0, allow_writing_files=False), without_missing_levels, classes, told="cat_features"
    )


def numbered_columns(X: Frame) -> Frame:
    """Columns named c0, c1, ...: both libraries refuse some characters in names."""
    return X.set_axis([f"c{i}" for i in range(X.shape[1])], axis=1)


def without_missing_levels(X: Frame) -> Frame:
    """Categories as strings, a missing one as a level of its own: CatBoost takes no missing category."""
    X = X.copy()
    for column in X.select_dtypes("category"):
        values = X[column].astype(object)
        X[column] = values.where(values.notna(), "nan")
    return X

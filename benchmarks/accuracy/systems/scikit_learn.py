"""scikit-learn's MLP and linear models, behind a usual preparation of the columns."""

from typing import Any

__all__ = ["linear", "mlp"]


def linear(classes: bool) -> Any:
    from sklearn.linear_model import LogisticRegression, RidgeCV

    return prepared(LogisticRegression(max_iter=1000) if classes else RidgeCV())


def mlp(classes: bool) -> Any:
    """A target of any size is not learned within 200 epochs: it is standardized."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler

    if classes:
        return prepared(MLPClassifier(early_stopping=True, random_state=0))
    regressor = prepared(MLPRegressor(early_stopping=True, random_state=0))
    return TransformedTargetRegressor(regressor, transformer=StandardScaler())


def prepared(model: Any) -> Any:
    """Numbers: median for missing ones, standardized. Categories: one-hot, levels below 5 rows as one."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5)
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, model)

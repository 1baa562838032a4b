"""Small fitted models to draw, and what holds for every picture: nothing left open, no setting changed."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text
from sklearn.datasets import load_diabetes, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chainrule import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor

plt.switch_backend("Agg")


@pytest.fixture(autouse=True)
def nothing_remains():
    """Every test closes its figures here; the global settings are as they were."""
    settings = dict(plt.rcParams)
    yield
    plt.close("all")
    assert dict(plt.rcParams) == settings


def fitted(model, X, y, **given):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y, **given)


@pytest.fixture(scope="session")
def iris_frame():
    data = load_iris(as_frame=True)
    return data.data, np.array(data.target_names)[data.target]


@pytest.fixture(scope="session")
def diabetes_frame():
    return load_diabetes(return_X_y=True, as_frame=True)


@pytest.fixture(scope="session")
def classifier(iris_frame):
    model = MLPClassifier(
        (5, 4),
        activation="tanh",
        max_iter=40,
        learning_rate_init=0.02,
        early_stopping=True,
        scoring="loss",
        random_state=0,
        engine="numpy",
    )
    return fitted(model, *iris_frame)


@pytest.fixture(scope="session")
def pipeline(iris_frame):
    model = MLPClassifier((6,), max_iter=60, learning_rate_init=0.02, random_state=0, engine="numpy")
    return fitted(make_pipeline(StandardScaler(), model), *iris_frame)


@pytest.fixture(scope="session")
def regressor(diabetes_frame):
    X, y = diabetes_frame
    model = MLPRegressor(hidden_layer_sizes=(7,), max_iter=20, random_state=0, engine="numpy", solver="sgd")
    return fitted(model, X[["bmi", "s5"]], y / 100)


@pytest.fixture(scope="session")
def table_classifier(iris_frame):
    model = TabularClassifier(preset="fast", members=2, max_iter=2, random_state=0, engine="numpy")
    return fitted(model, *iris_frame)


@pytest.fixture(scope="session")
def mixed_frame(diabetes_frame):
    """Numbers, two categories of which one has many levels, and a missing value."""
    X, y = diabetes_frame
    rng = np.random.default_rng(0)
    town = rng.choice([f"t{i}" for i in range(70)], len(X))
    X = X[["age", "bmi", "s5"]].assign(town=town, colour=rng.choice(["red", "blue"], len(X)))
    X.loc[3, "age"] = np.nan
    return X, y


@pytest.fixture(scope="session")
def table_regressor(mixed_frame):
    X, y = mixed_frame
    model = TabularRegressor(preset="fast", members=2, max_iter=3, random_state=0, engine="numpy")
    return fitted(model, X[:300], y[:300])


@pytest.fixture
def small_axes():
    return plt.subplots(figsize=(3, 2.5), layout="constrained")[1]


def shown_texts(figure):
    """(text, box) of all that is written in a drawn figure."""
    figure.canvas.draw()
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                if not axes.axison or not low <= tick.get_loc() <= high:
                    hidden |= {id(tick.label1), id(tick.label2)}
        if not axes.axison:
            hidden |= {id(axes.xaxis.label), id(axes.yaxis.label)}
    found = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [(text.get_text(), text.get_window_extent()) for text in found if id(text) not in hidden]


@pytest.fixture(scope="session")
def assert_readable():
    """No two texts lie on each other, all lie inside the figure, none is smaller than 4 points."""

    def check(figure):
        texts = shown_texts(figure)
        width, height = figure.canvas.get_width_height()
        for text, box in texts:
            assert box.x0 >= -1, text
            assert box.y0 >= -1, text
            assert box.x1 <= width + 1, text
            assert box.y1 <= height + 1, text
        for i, (one, a) in enumerate(texts):
            for other, b in texts[:i]:
                across = min(a.x1, b.x1) - max(a.x0, b.x0)
                along = min(a.y1, b.y1) - max(a.y0, b.y0)
                assert across <= 1 or along <= 1, (one, other)
        assert min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text().strip()) >= 4

    return check

"""
Do probabilities mean what they say?
====================================

Of all rows that are said to be right with 80 %, about eighty in a hundred should be. A textbook network
that was trained for long is too sure of itself: its points lie below the line. A table model has chosen a
temperature on rows that were held out; here it is, if anything, a little too modest.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_classification

from chainrule import MLPClassifier, TabularClassifier
from chainrule.plotting import ReliabilityDisplay

X, y = make_classification(4000, 20, n_informative=6, flip_y=0.15, class_sep=0.6, random_state=0)
X_train, y_train, X_test, y_test = X[:1500], y[:1500], X[1500:], y[1500:]
models = (
    MLPClassifier((64, 64), max_iter=60, tol=0, n_iter_no_change=60, random_state=0),
    TabularClassifier("fast", random_state=0),
)
warnings.simplefilter("ignore")  # the one that is trained for too long says so
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for model, ax in zip(models, axes, strict=True):
    model.fit(X_train, y_train)
    ReliabilityDisplay.from_estimator(model, X_test, y_test, ax=ax)
    ax.set_title(f"{type(model).__name__}, accuracy {np.mean(model.predict(X_test) == y_test):.2f}", pad=24)

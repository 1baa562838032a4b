"""
Gradients on their way back
===========================

Eight hidden layers, once with the logistic function and once with ReLU: the size of the gradients that
arrive at each layer. Each logistic layer multiplies by a slope of at most ¼, and the first layers learn
nothing.
"""

import warnings

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from chainrule import MLPClassifier
from chainrule.plotting import GradientFlowDisplay

X, y = load_digits(return_X_y=True)
X = X / 16
warnings.simplefilter("ignore")  # one epoch is no training, and is not meant to be
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharex=True)
for activation, ax in zip(("logistic", "relu"), axes, strict=True):
    model = MLPClassifier((32,) * 8, activation=activation, max_iter=1, random_state=0).fit(X, y)
    GradientFlowDisplay.from_estimator(model, X, y, ax=ax)
    ax.set_title(activation, pad=24)

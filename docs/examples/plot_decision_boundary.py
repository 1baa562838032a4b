"""
A decision boundary, and the lines it is made of
================================================

Each ReLU unit of the first layer is a straight line on which it wakes up, a = 0. Two lines cannot separate
two moons; eight can, and the boundary bends where it meets one of them.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_moons

from chainrule import MLPClassifier
from chainrule.plotting import DecisionBoundaryDisplay

X, y = make_moons(400, noise=0.15, random_state=0)
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for units, ax in zip((2, 8), axes, strict=True):
    model = MLPClassifier((units,), learning_rate_init=0.05, max_iter=300, random_state=5).fit(X, y)
    DecisionBoundaryDisplay.from_estimator(model, X, y, ax=ax)
    ax.set_title(f"{units} units, accuracy {model.score(X, y):.2f}", pad=24)

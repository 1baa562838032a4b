"""
Learning curves
===============

What a network has learned by heart it does not know: the loss of the training rows goes on falling when
that of held-out rows has begun to rise. With ``early_stopping=True`` the weights of the best epoch are
kept.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from chainrule import MLPClassifier
from chainrule.plotting import LossCurveDisplay

X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
settings = {"learning_rate_init": 0.01, "early_stopping": True, "scoring": "loss", "n_iter_no_change": 30}
figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained", sharey=True)
for dropout, ax in zip((0.0, 0.5), axes, strict=True):
    model = MLPClassifier((32, 32), dropout=dropout, **settings, random_state=0).fit(X, y)
    LossCurveDisplay.from_estimator(model, log=True, ax=ax)
    ax.set_title(f"dropout {dropout}", pad=24)

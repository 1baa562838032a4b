"""
Intervals
=========

An interval at 90 % covers nine of ten new rows, on average over rows; where the members of the ensemble
disagree it is wider.
"""

from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from chainrule import TabularRegressor
from chainrule.plotting import IntervalDisplay

X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, random_state=0)
model = TabularRegressor("fast", random_state=0).fit(X_train, y_train)
IntervalDisplay.from_estimator(model, X_test, y_test, coverage=0.9, target="progression of the disease")

"""
What a convolution sees
=======================

The filters of the first convolution of an `ImageClassifier`, and where in a handwritten digit each of them
finds what it looks for.
"""

from sklearn.datasets import load_digits

from chainrule import ImageClassifier
from chainrule.plotting import FeatureMapsDisplay

X, y = load_digits(return_X_y=True)
images = X.reshape(-1, 8, 8)
model = ImageClassifier(filters=(12, 16), max_iter=8, engine="numpy", random_state=0).fit(
    images[:1500], y[:1500]
)
print(f"accuracy on the others: {model.score(images[1500:], y[1500:]):.2f}")
FeatureMapsDisplay.from_estimator(model, images[1505])

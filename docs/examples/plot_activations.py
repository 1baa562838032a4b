"""
Activation functions and their slopes
=====================================

Value and slope of what is built in, and of a function of your own. Where the slope is 0, nothing is
learned.
"""

from chainrule.plotting import ActivationDisplay


def softsign(a):
    """z = a / (1 + |a|)."""
    return a / (1 + abs(a))


def its_slope(a):
    """φ'(a) = 1 / (1 + |a|)²."""
    return 1 / (1 + abs(a)) ** 2


ActivationDisplay.from_names(["logistic", "tanh", "relu", "silu", "gelu", (softsign, its_slope)])

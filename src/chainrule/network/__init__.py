"""What is computed: pure functions and frozen descriptions, nothing else."""

from chainrule.network.activation import Activation
from chainrule.network.activations import ACTIVATIONS, ActivationFunction, get_activation
from chainrule.network.basis import Polynomial
from chainrule.network.dense import Dense
from chainrule.network.dropout import Dropout
from chainrule.network.initializers import INITIALIZERS
from chainrule.network.layer import Layer
from chainrule.network.losses import LOSSES, CustomLoss, Loss, get_loss
from chainrule.network.network import LAYERS, Network
from chainrule.network.random import Draw

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "LAYERS",
    "LOSSES",
    "Activation",
    "ActivationFunction",
    "CustomLoss",
    "Dense",
    "Draw",
    "Dropout",
    "Layer",
    "Loss",
    "Network",
    "Polynomial",
    "get_activation",
    "get_loss",
]

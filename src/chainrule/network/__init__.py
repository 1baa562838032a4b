"""What is computed: pure functions and frozen descriptions, nothing else."""

from chainrule.network.activation import Activation
from chainrule.network.activations import ACTIVATIONS, ActivationFunction, get_activation
from chainrule.network.basis import Polynomial
from chainrule.network.dense import Dense
from chainrule.network.dropout import Dropout
from chainrule.network.initializers import INITIALIZERS
from chainrule.network.layer import Layer
from chainrule.network.loss import OUT_ACTIVATIONS, CustomLoss, Loss
from chainrule.network.losses import LOSSES, get_loss
from chainrule.network.network import LAYERS, Network
from chainrule.network.random import Draw

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "LAYERS",
    "LOSSES",
    "OUT_ACTIVATIONS",
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

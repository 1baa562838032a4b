"""What is computed: pure functions and frozen descriptions, nothing else."""

from chainrule.network.activation import Activation
from chainrule.network.activations import ACTIVATIONS, ActivationFunction, get_activation
from chainrule.network.basis import Polynomial
from chainrule.network.columns import Columns
from chainrule.network.data_initialization import initialize_from_data
from chainrule.network.dense import Dense
from chainrule.network.dropout import Dropout
from chainrule.network.embeddings import CategoryEmbedding, Periodic, PiecewiseLinear
from chainrule.network.ensemble import FanOut, Join, MemberDense, Scale
from chainrule.network.ensemble_loss import EnsembleLoss
from chainrule.network.initializers import INITIALIZERS
from chainrule.network.layer import Layer
from chainrule.network.loss import OUT_ACTIVATIONS, CustomLoss, Loss
from chainrule.network.losses import LOSSES, get_loss
from chainrule.network.network import LAYERS, Network
from chainrule.network.parametric import ParametricActivation
from chainrule.network.random import Draw

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "LAYERS",
    "LOSSES",
    "OUT_ACTIVATIONS",
    "Activation",
    "ActivationFunction",
    "CategoryEmbedding",
    "Columns",
    "CustomLoss",
    "Dense",
    "Draw",
    "Dropout",
    "EnsembleLoss",
    "FanOut",
    "Join",
    "Layer",
    "Loss",
    "MemberDense",
    "Network",
    "ParametricActivation",
    "Periodic",
    "PiecewiseLinear",
    "Polynomial",
    "Scale",
    "get_activation",
    "get_loss",
    "initialize_from_data",
]

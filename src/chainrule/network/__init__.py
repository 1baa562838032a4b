"""What is computed: pure functions and frozen descriptions, nothing else."""

from chainrule.network.activation import Activation
from chainrule.network.activations import ACTIVATIONS, ActivationFunction, get_activation
from chainrule.network.basis import Polynomial
from chainrule.network.bidirectional import Bidirectional
from chainrule.network.columns import Columns
from chainrule.network.convolution import Conv1D, Conv2D
from chainrule.network.data_initialization import initialize_from_data
from chainrule.network.dense import Dense
from chainrule.network.dropout import Dropout
from chainrule.network.embeddings import CategoryEmbedding, Periodic, PiecewiseLinear
from chainrule.network.ensemble import FanOut, Join, MemberDense, Scale
from chainrule.network.ensemble_loss import EnsembleLoss
from chainrule.network.gru import GRU
from chainrule.network.initializers import INITIALIZERS
from chainrule.network.layer import Layer
from chainrule.network.layers import LAYERS
from chainrule.network.loss import OUT_ACTIVATIONS, CustomLoss, Loss
from chainrule.network.losses import LOSSES, get_loss
from chainrule.network.lstm import LSTM
from chainrule.network.network import Network
from chainrule.network.normalization import LayerNormalization
from chainrule.network.parametric import ParametricActivation
from chainrule.network.pooling import (
    AveragePool1D,
    AveragePool2D,
    GlobalAveragePool,
    GlobalMaxPool,
    MaxPool1D,
    MaxPool2D,
)
from chainrule.network.random import Draw
from chainrule.network.recurrent import RNN
from chainrule.network.shift import RandomShift
from chainrule.network.standardize import Standardize
from chainrule.network.tokens import TokenEmbedding

__all__ = [
    "ACTIVATIONS",
    "GRU",
    "INITIALIZERS",
    "LAYERS",
    "LOSSES",
    "LSTM",
    "OUT_ACTIVATIONS",
    "RNN",
    "Activation",
    "ActivationFunction",
    "AveragePool1D",
    "AveragePool2D",
    "Bidirectional",
    "CategoryEmbedding",
    "Columns",
    "Conv1D",
    "Conv2D",
    "CustomLoss",
    "Dense",
    "Draw",
    "Dropout",
    "EnsembleLoss",
    "FanOut",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Join",
    "Layer",
    "LayerNormalization",
    "Loss",
    "MaxPool1D",
    "MaxPool2D",
    "MemberDense",
    "Network",
    "ParametricActivation",
    "Periodic",
    "PiecewiseLinear",
    "Polynomial",
    "RandomShift",
    "Scale",
    "Standardize",
    "TokenEmbedding",
    "get_activation",
    "get_loss",
    "initialize_from_data",
]

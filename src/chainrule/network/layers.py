"""Every kind of layer by the name under which a description finds it again."""

from typing import Any

from chainrule.network.activation import Activation
from chainrule.network.basis import Polynomial
from chainrule.network.bidirectional import Bidirectional
from chainrule.network.columns import Columns
from chainrule.network.convolution import Conv1D, Conv2D
from chainrule.network.dense import Dense
from chainrule.network.dropout import Dropout
from chainrule.network.embeddings import CategoryEmbedding, Periodic, PiecewiseLinear
from chainrule.network.ensemble import FanOut, Join, MemberDense, Scale
from chainrule.network.gru import GRU
from chainrule.network.lstm import LSTM
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
from chainrule.network.recurrent import RNN
from chainrule.network.shift import RandomShift
from chainrule.network.standardize import Standardize
from chainrule.network.tokens import TokenEmbedding

__all__ = ["LAYERS"]

LAYERS: dict[str, Any] = {
    layer.kind: layer
    for layer in (
        Dense,
        Activation,
        ParametricActivation,
        Dropout,
        Polynomial,
        Periodic,
        PiecewiseLinear,
        CategoryEmbedding,
        TokenEmbedding,
        Conv2D,
        Conv1D,
        MaxPool2D,
        MaxPool1D,
        AveragePool2D,
        AveragePool1D,
        GlobalAveragePool,
        GlobalMaxPool,
        LayerNormalization,
        RNN,
        LSTM,
        GRU,
        Bidirectional,
        Columns,
        Scale,
        FanOut,
        MemberDense,
        Join,
        Standardize,
        RandomShift,
    )
}
"""Networks, which are layers too, are among them: `network.py` adds its own."""

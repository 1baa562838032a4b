"""Layers in a few words: what they are, and the shapes that go in and come out."""

import pytest

from chainrule.network import (
    GRU,
    LSTM,
    RNN,
    Activation,
    AveragePool1D,
    Bidirectional,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    GlobalAveragePool,
    LayerNormalization,
    MaxPool2D,
    Polynomial,
    RandomShift,
    Standardize,
    TokenEmbedding,
)
from chainrule.network.wording import layer_in_words

WORDS = {
    "conv 3×3, 32 filters: 8×8×1 → 8×8×32": (Conv2D(32, 3, (8, 8, 1)), 64),
    "conv 2×3, 1 filter, stride 2×1, dilation 2×2, valid: 8×8×1 → 3×4×1": (
        Conv2D(1, (2, 3), (8, 8, 1), (2, 1), "valid", 2),
        64,
    ),
    "conv 3, 4 filters, causal: 9×2 → 9×4": (Conv1D(4, 3, (9, 2), padding="causal"), 18),
    "conv 3, 4 filters, padding 1: 9×2 → 9×4": (Conv1D(4, 3, (9, 2), padding=1), 18),
    "max pool 2×2: 8×8×3 → 4×4×3": (MaxPool2D(2, (8, 8, 3)), 192),
    "average pool 3, stride 2: 9×2 → 4×2": (AveragePool1D(3, (9, 2), 2), 18),
    "global average pool: 4×3 → 3": (GlobalAveragePool(3), 12),
    "layer normalization: 4×3 → 4×3": (LayerNormalization(3), 12),
    "standardize: 4×4 → 4×4": (Standardize(3, masked=True), 16),
    "random shift, 1 pixel: 8×8×1 → 8×8×1": (RandomShift((8, 8, 1)), 64),
    "LSTM 64, 50 steps: 50×12 → 64": (LSTM(64, 50), 600),
    "GRU 8, 5 steps, in reverse: 5×3 → 5×9": (GRU(8, 5, "sequence", reverse=True, masked=True), 15),
    "RNN 8, 5 steps, gradients cut every 2: 5×2 → 8": (RNN(8, 5, truncate=2), 10),
    "LSTM 4, 5 steps, both ways: 5×2 → 8": (Bidirectional(LSTM(4, 5)), 10),
    "token embedding, 100 codes: 20 → 20×8": (TokenEmbedding(100, 8, 20), 20),
    "token embedding, 9 codes, 0 is padding: 5 → 5×3": (TokenEmbedding(9, 2, 5, masked=True), 5),
    "dense: 12 → 3": (Dense(3), 12),
    "tanh: 12 → 12": (Activation("tanh"), 12),
    "dropout 0.3: 12 → 12": (Dropout(0.3), 12),
    "dropout 0.1-0.6: 12 → 12": (Dropout((0.1, 0.6)), 12),
    "polynomial: 3 → 9": (Polynomial(2), 3),
}


@pytest.mark.parametrize(("layer", "n_in"), WORDS.values(), ids=WORDS)
def test_a_layer_is_named_with_its_shapes(layer, n_in):
    assert WORDS.get(layer_in_words(layer, n_in)) == (layer, n_in), layer_in_words(layer, n_in)

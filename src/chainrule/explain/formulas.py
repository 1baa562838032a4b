"""The lecture's formulas as a trace shows them: text, LaTeX, number of the equation."""

from typing import Any

from chainrule.explain.document import Formula

__all__ = ["HEADS", "activations", "delta", "gradients", "loss_formula", "pulled_back", "sums", "update"]

_LOSSES = {
    "sum_of_squares": Formula("L = Σ (y - o)²", r"\mathcal L = \sum_n \sum_k (y_{nk} - o_{nk})^2", "14"),
    "squared_error": Formula("ℓ = ½ mean_k (o - y)²", r"\ell = \tfrac12 \operatorname{mean}_k (o_k - y_k)^2"),
    "mean_squared_error": Formula("ℓ = mean_k (o - y)²", r"\ell = \operatorname{mean}_k (o_k - y_k)^2", "24"),
    "absolute_error": Formula("ℓ = mean_k |o - y|", r"\ell = \operatorname{mean}_k |o_k - y_k|"),
    "huber": Formula(
        "ℓ = ½ (o - y)² near y, straight beyond δ", r"\ell = \tfrac12 (o - y)^2 \text{ near } y"
    ),
    "pinball": Formula("ℓ = (y - o)⁺ q + (o - y)⁺ (1 - q)", r"\ell = q\,(y - o)^+ + (1 - q)\,(o - y)^+"),
    "quantiles": Formula(
        "ℓ = mean over q of (y - o)⁺ q + (o - y)⁺ (1 - q)",
        r"\ell = \operatorname{mean}_q\, q\,(y - o_q)^+ + (1 - q)\,(o_q - y)^+",
    ),
    "poisson": Formula("ℓ = z - y log z, z = exp a", r"\ell = z - y \log z,\quad z = e^a"),
    "binary_cross_entropy": Formula(
        "ℓ = - y log z - (1 - y) log(1 - z)", r"\ell = -y \log z - (1 - y) \log(1 - z)", "16"
    ),
    "multilabel_cross_entropy": Formula(
        "ℓ = - Σ_k y log z + (1 - y) log(1 - z)",
        r"\ell = -\sum_k y_k \log z_k + (1 - y_k) \log(1 - z_k)",
        "16",
    ),
    "softmax_cross_entropy": Formula("ℓ = - Σ_k y_k log z_k", r"\ell = -\sum_k y_k \log z_k", "16"),
}
_DELTAS = {
    "sum_of_squares": Formula(
        "δ = dL/da = 2 (a - y)", r"\delta = \partial\mathcal L/\partial a = 2\,(a - y)"
    ),
    "squared_error": Formula(
        "δ = dL/da = s (a - y) / K", r"\delta = \partial\mathcal L/\partial a = s\,(a - y) / K"
    ),
    "mean_squared_error": Formula(
        "δ = dL/da = 2 s (a - y) / K", r"\delta = \partial\mathcal L/\partial a = 2 s\,(a - y) / K"
    ),
    **{
        kind: Formula("δ = dL/da = s (z - y)", r"\delta = \partial\mathcal L/\partial a = s\,(z - y)")
        for kind in ("poisson", "binary_cross_entropy", "multilabel_cross_entropy", "softmax_cross_entropy")
    },
}
_DELTA = Formula(
    "δ = dL/da = dL/do · do/da",
    r"\delta = \frac{\partial\mathcal L}{\partial a}"
    r" = \frac{\partial\mathcal L}{\partial o}\frac{\partial o}{\partial a}",
    "21",
)
_UPDATES = {
    "plain": Formula(
        "w_new = w_old - η dL/dw",
        r"w^{\text{new}} = w^{\text{old}} - \eta\,\frac{\partial\mathcal L}{\partial w^{\text{old}}}",
        "17",
    ),
    "momentum": Formula(
        "v = μ v - η g,  w_new = w + v", r"v \leftarrow \mu v - \eta g,\quad w \leftarrow w + v"
    ),
    "nesterov": Formula(
        "v = μ v - η g,  w_new = w + μ v - η g",
        r"v \leftarrow \mu v - \eta g,\quad w \leftarrow w + \mu v - \eta g",
    ),
    "adam": Formula(
        "w_new = w - η c m / (√v + ε),  m = β₁ m + (1 - β₁) g,  v = β₂ v + (1 - β₂) g²",
        r"w \leftarrow w - \eta c\,\frac{m}{\sqrt v + \varepsilon},\quad"
        r" m \leftarrow \beta_1 m + (1 - \beta_1) g,\quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2",
    ),
}
HEADS: dict[str, Formula | str] = {
    "unit": "neuron",
    "a": Formula("a", "a"),
    "z": Formula("z = φ(a)", r"z = \varphi(a)"),
    "mask": Formula("dropout", r"\text{dropout}"),
    "slope": Formula("φ'(a)", r"\varphi'(a)"),
    "dz": Formula("dL/dz", r"\partial\mathcal L/\partial z"),
    "delta": Formula("δ = dL/da", r"\delta = \partial\mathcal L/\partial a"),
    "b": Formula("b", "b"),
    "db": Formula("dL/db", r"\partial\mathcal L/\partial b"),
    "update_b": Formula("b_new - b", r"b^{\text{new}} - b"),
}


def loss_formula(loss: Any) -> Formula | None:
    """ℓ of one row; for `sum_of_squares` L of all."""
    return _LOSSES.get(loss.kind)


def _root(factor: float) -> tuple[str, str]:
    return (" / √n", r" / \sqrt{n}") if factor != 1 else ("", "")


def sums(n: int, factor: float) -> Formula:
    """Equation (19) of layer n."""
    text, latex = _root(factor)
    return Formula(
        f"a^({n}) = W^({n}) z^({n - 1}){text} + b^({n})",
        rf"\mathbf a^{{({n})}} = \mathbf W^{{({n})}} \mathbf z^{{({n - 1})}}{latex} + \mathbf b^{{({n})}}",
        "19",
    )


def activations(n: int, function: str, dropped: bool) -> Formula:
    """Equation (20) of layer n."""
    times = (" · dropout", r" \circ \text{dropout}") if dropped else ("", "")
    return Formula(
        f"z^({n}) = φ(a^({n})){times[0]}, φ = {function}",
        rf"\mathbf z^{{({n})}} = \varphi(\mathbf a^{{({n})}}){times[1]},"
        rf"\quad \varphi = \text{{{function.replace('_', ' ')}}}",
        "20",
    )


def delta(loss: Any) -> Formula:
    """Of the output layer, whose activation is the loss's own."""
    return _DELTAS.get(loss.kind, _DELTA)


def pulled_back(n: int, factor: float, behind: tuple[str, ...], dropped: bool) -> list[Formula | str]:
    """Equations (33) and (35) of a hidden layer n; `factor` is of the layer above."""
    text, latex = _root(factor)
    times = (" · dropout", r" \circ \text{dropout}") if dropped else ("", "")
    first: Formula | str = Formula(
        f"dL/dz^({n}) = W^({n + 1})ᵀ δ^({n + 1}){text}",
        rf"\partial\mathcal L/\partial\mathbf z^{{({n})}} ="
        rf" {{\mathbf W^{{({n + 1})}}}}^\top \delta^{{({n + 1})}}{latex}",
        "33",
    )
    if behind:
        first = f"dL/dz comes back through: {', '.join(kind.replace('_', ' ') for kind in behind)}"
    return [
        first,
        Formula(
            f"δ^({n}) = dL/dz^({n}) ∘ φ'(a^({n})){times[0]}",
            rf"\delta^{{({n})}} = \partial\mathcal L/\partial\mathbf z^{{({n})}}"
            rf" \circ \varphi'(\mathbf a^{{({n})}}){times[1]}",
            "35",
        ),
    ]


def gradients(n: int, factor: float, several_rows: bool, is_last: bool) -> Formula:
    """dL/dW and dL/db of layer n: equations (25), (26) at the output, (47) elsewhere."""
    text, latex = _root(factor)
    rows, sign = ("Σ_rows ", r"\sum_{\text{rows}} ") if several_rows else ("", "")
    return Formula(
        f"dL/dW^({n}) = {rows}δ^({n}) z^({n - 1})ᵀ{text}, dL/db^({n}) = {rows}δ^({n})",
        rf"\partial\mathcal L/\partial\mathbf W^{{({n})}} ="
        rf" {sign}\delta^{{({n})}} {{\mathbf z^{{({n - 1})}}}}^\top{latex},"
        rf"\quad \partial\mathcal L/\partial\mathbf b^{{({n})}} = {sign}\delta^{{({n})}}",
        "25" if is_last else "47",
    )


def update(optimizer: Any) -> Formula | None:
    """How the optimizer moves a weight whose gradient is g."""
    kind = type(optimizer).__name__.lower()
    if kind == "sgd":
        kind = "plain" if not optimizer.momentum else "nesterov" if optimizer.nesterov else "momentum"
    return _UPDATES.get(kind)

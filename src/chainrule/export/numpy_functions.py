"""Activation functions as Python source."""

__all__ = ["NUMPY_FUNCTIONS"]

NUMPY_FUNCTIONS = {
    "identity": '''\
def identity(a):
    """a"""
    return a''',
    "heaviside": '''\
def heaviside(a):
    """1 if a > 0 else 0"""
    return (a > 0).astype(a.dtype)''',
    "logistic": '''\
def logistic(a):
    """σ(a) = 1 / (1 + exp(-a)), without overflow"""
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1 / (1 + e), e / (1 + e))''',
    "tanh": '''\
def tanh(a):
    """(exp(a) - exp(-a)) / (exp(a) + exp(-a))"""
    return np.tanh(a)''',
    "relu": '''\
def relu(a):
    """max(0, a)"""
    return np.maximum(a, 0)''',
    "leaky_relu": '''\
def leaky_relu(a, negative_slope):
    """a if a > 0 else s a, s the negative slope"""
    return np.where(a > 0, a, negative_slope * a)''',
    "elu": '''\
def elu(a, alpha):
    """a if a > 0 else α (exp(a) - 1)"""
    return np.where(a > 0, a, alpha * np.expm1(np.minimum(a, 0)))''',
    "selu": '''\
def selu(a):
    """λ elu(a) with the α and λ that keep mean 0 and variance 1"""
    return 1.0507009873554805 * elu(a, alpha=1.6732632423543772)''',
    "softplus": '''\
def softplus(a):
    """log(1 + exp(a)), without overflow"""
    return np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))''',
    "erf": '''\
def erf(x):
    """The error function, in the precision of x"""
    return np.vectorize(math.erf, otypes=[float])(x).astype(x.dtype)''',
    "gelu": '''\
def gelu(a):
    """a Φ(a), Φ the normal distribution function"""
    return a * (0.5 * (1 + erf(a * math.sqrt(0.5))))''',
    "silu": '''\
def silu(a):
    """a σ(a), with σ(a) = ½ + ½ tanh(a / 2)"""
    return a * (0.5 + 0.5 * np.tanh(0.5 * a))''',
    "mish": '''\
def mish(a):
    """a tanh(softplus(a))"""
    return a * np.tanh(softplus(a))''',
    "exp": '''\
def exp(a):
    """exp(a), at most the largest power of e that is a number"""
    return np.exp(np.minimum(a, 88.0 if a.dtype == np.float32 else 709.0))''',
    "softmax": '''\
def softmax(a):
    """p_k = exp(a_k) / Σ_j exp(a_j), without overflow"""
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)''',
}

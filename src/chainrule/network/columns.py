"""Columns: different layers for different columns of a table, their outputs side by side."""

from dataclasses import dataclass
from typing import Any, ClassVar

from chainrule.errors import ParameterError
from chainrule.network.special import namespace

__all__ = ["Columns"]

Array = Any


@dataclass(frozen=True)
class Columns:
    """out = [f_1(z[:, columns_1]), f_2(z[:, columns_2]), ...]

    Backward cuts dout into the branches' shares and adds up what columns get that several branches read.

    Parameters
    ----------
    branches : tuple of (first, behind, network)
        Half-open range of columns, and the network (with `n_inputs` equal to their number) that they go
        through; one without layers passes them on as they are. Ranges may overlap.
    """

    kind: ClassVar[str] = "columns"
    branches: tuple[tuple[int, int, Any], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "branches", tuple(tuple(branch) for branch in self.branches))
        for first, behind, network in self.branches:
            if not 0 <= first < behind or network.n_inputs != behind - first:
                raise ParameterError(
                    f"a branch takes columns [first, behind), as many as its network has inputs, however: "
                    f"({first}, {behind}, {network!r:.80})"
                )

    @property
    def is_random(self) -> bool:
        return any(network.is_random for *_, network in self.branches)

    @property
    def decayed(self) -> tuple[str, ...]:
        return tuple(
            f"{i}.{name}" for i, (*_, network) in enumerate(self.branches) for name in network.decayed
        )

    @property
    def rates(self) -> dict[str, float]:
        return {
            f"{i}.{name}": rate
            for i, (*_, network) in enumerate(self.branches)
            for name, rate in network.rates.items()
        }

    def n_out(self, n_in: int) -> int:
        for first, behind, _ in self.branches:
            if behind > n_in:
                raise ParameterError(
                    f"the branch of columns {first} to {behind - 1} does not fit {n_in} columns"
                )
        return sum(network.n_outputs for *_, network in self.branches)

    def shapes(self, n_in: int) -> dict[str, tuple[int, ...]]:
        return {
            f"{i}.{name}": shape
            for i, (first, behind, network) in enumerate(self.branches)
            for name, shape in network.shapes(behind - first).items()
        }

    def initial(self, shapes: dict[str, tuple[int, ...]], rng: Any) -> dict[str, Array]:
        return {
            f"{i}.{name}": value
            for i, (*_, network) in enumerate(self.branches)
            for name, value in network.named(network.initialize(rng, "float64")).items()
        }

    def multiplications(self, n_in: int) -> int:
        return sum(network.multiplications(network.n_inputs) for *_, network in self.branches)

    def forward(self, p: dict[str, Array], z: Array, draw: Any) -> tuple[Array, Any]:
        outs, saved = [], []
        by_branch = self.by_branch(p)
        for i, (first, behind, network) in enumerate(self.branches):
            own = draw.fold(i) if draw is not None and network.is_random else None
            out, kept = network.forward(by_branch[i], z[:, first:behind], own)
            outs.append(out)
            saved.append(kept)
        return namespace(z).concat(outs, axis=1), (saved, z)

    def backward(self, p: dict[str, Array], saved: Any, dout: Array) -> tuple[dict[str, Array], Array]:
        kept, z = saved
        xp = namespace(dout)
        dp: dict[str, Array] = {}
        dz = xp.zeros_like(z)
        start = 0
        by_branch = self.by_branch(p)
        for i, (first, behind, network) in enumerate(self.branches):
            share = dout[:, start : start + network.n_outputs]
            start += network.n_outputs
            own, pulled = network.backward(by_branch[i], kept[i], share)
            dp |= {f"{i}.{name}": value for name, value in own.items()}
            parts = (dz[:, :first], dz[:, first:behind] + pulled, dz[:, behind:])
            dz = xp.concat(parts, axis=1)
        return dp, dz

    def parameter_gradients(self, p: dict[str, Array], saved: Any, dout: Array) -> dict[str, Array]:
        """The gradients alone: what the first layer of a network needs."""
        dp: dict[str, Array] = {}
        start = 0
        by_branch = self.by_branch(p)
        for i, (*_, network) in enumerate(self.branches):
            share = dout[:, start : start + network.n_outputs]
            start += network.n_outputs
            if network.n_parameters:
                own, _ = network.backward(by_branch[i], saved[0][i], share, needs_dz=False)
                dp |= {f"{i}.{name}": value for name, value in own.items()}
        return dp

    def by_branch(self, p: dict[str, Array]) -> list[dict[str, Array]]:
        """The parameters of each branch, by their names within it."""
        found: list[dict[str, Array]] = [{} for _ in self.branches]
        for name, value in p.items():
            i, _, inner = name.partition(".")
            found[int(i)][inner] = value
        return found

    def describe(self) -> dict[str, Any]:
        return {
            "layer": self.kind,
            "branches": [[first, behind, network.describe()] for first, behind, network in self.branches],
        }

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> "Columns":
        from chainrule.network.network import Network

        branches = description["branches"]
        return cls(
            tuple((first, behind, Network.from_description(inner)) for first, behind, inner in branches)
        )

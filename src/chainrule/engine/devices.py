"""Several devices: which of them share a batch, where the table lies, and what each of them does.

The table lies in equal blocks of rows, one on each device, so that n devices hold a table n times as large;
parameters and moments lie on all of them. A step shares out the rows of its batch: a device is a piece in the
sense of `objective`, draws for its rows by their places in the batch, and losses and gradients are summed
over the devices. What follows, the update and the end of an epoch, every device computes alike.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as Spec

from chainrule.engine.base import Data, Program
from chainrule.network import Network

__all__ = [
    "alone_on_devices",
    "fetched",
    "on_devices",
    "outputs_of_all",
    "piece_of_device",
    "placed",
    "shared_by",
    "summed",
    "usable_devices",
]

Array = Any

_AXIS = "rows"
_WORK_OF_A_DEVICE, _WORK_OF_LOOPS = 1e9, 4e7
_by_rows = Data(*(Spec(_AXIS),) * 4, Spec(), Spec())
"""What lies in blocks; targets and weights of the validation rows are few, and judged as a whole."""

_running = RLock()


def usable_devices() -> tuple[Any, ...]:
    """The process's devices of the default backend; none where the user has set a default device.

    All of the first one's kind: what every device computes alike must have the same bits everywhere.
    """
    if jax.config.jax_default_device is not None:
        return ()
    first, *others = jax.local_devices()
    return (first, *(device for device in others if device.device_kind == first.device_kind))


def shared_by(devices: Sequence[Any], program: Program, n_rows: int) -> Mesh | None:
    """The devices in a row, if a batch of so many rows is to be shared out to them; None: one computes it.

    It is shared out where each device has 1e9 multiplications and additions to do for it, 10 ms for a core of
    a CPU: below, waiting for each other costs more than what is gained. Of a recurrent network 4e7 are
    enough where devices are cores of a CPU: XLA keeps to one core for a loop.
    """
    work = 6.0 * program.multiplications * n_rows
    if len(devices) < 2:
        return None
    enough = _WORK_OF_LOOPS if program.has_loops and devices[0].platform == "cpu" else _WORK_OF_A_DEVICE
    return Mesh(np.asarray(devices), (_AXIS,)) if work >= len(devices) * enough else None


def placed(data: Data, mesh: Mesh) -> Data:
    """The data in blocks of rows on the devices."""
    return Data(
        *(
            None if part is None else jax.device_put(part, NamedSharding(mesh, spec))
            for part, spec in zip(data, _by_rows, strict=True)
        )
    )


@contextmanager
def alone_on_devices(mesh: Mesh | None) -> Iterator[None]:
    """A context in which no other thread's program runs on several devices.

    Devices wait for each other in the middle of a program: two that each began with another one's would do so
    forever.
    """
    if mesh is None:
        yield
        return
    with _running:
        yield


def on_devices(function: Callable[..., Any], mesh: Mesh, data: Data, *others: Any) -> Any:
    """`function(data, *others)` on every device of the mesh, with the device's rows of the data."""
    rows = Data(*(None if part is None else spec for part, spec in zip(data, _by_rows, strict=True)))
    specs = (rows, *(Spec() for _ in others))
    run = jax.shard_map(function, mesh=mesh, in_specs=specs, out_specs=Spec(), check_vma=False)
    return run(data, *others)


def fetched(rows: Sequence[Array], places: Array, counts: Array, own: int) -> list[Array]:
    """The device's own rows of some batches, by their places in the table; the last array holds weights.

    Every device looks up what lies on it, and the sum, in which each row has one term that is not 0, is
    handed out by the rows' places in the batch.

    Parameters
    ----------
    rows : arrays
        What this device holds of X, y and weights.
    places : int32 array (batches, width)
    counts : bool array (batches, width)
        Where False, the weight is 0.
    own : int
        Rows of a batch that each device gets; those that fill it up have weight 0.

    Returns
    -------
    arrays (batches · own, ...)
    """
    *parts, weights = rows
    beyond = ((0, 0), (0, own * lax.axis_size(_AXIS) - places.shape[1]))
    places, counts = jnp.pad(places, beyond), jnp.pad(counts, beyond)
    here = places - lax.axis_index(_AXIS) * len(weights)
    here = jnp.where(here < 0, len(weights), here)  # nowhere, instead of counted from behind

    def handed_out(part: Array, here: Array) -> Array:
        found = part.at[here].get(mode="fill", fill_value=0)
        found = lax.psum_scatter(found, _AXIS, scatter_dimension=1, tiled=True)
        return found.reshape(-1, *part.shape[1:])

    found = [handed_out(part, here) for part in parts]
    return [*found, handed_out(weights, jnp.where(counts, here, len(weights)))]


def summed(array: Array) -> Array:
    """The sum over the devices."""
    return lax.psum(array, _AXIS)


def piece_of_device(of_piece: Callable[[Any], Any], pieces: Sequence[tuple[int, int]]) -> list[Any]:
    """For `objective`: the rows given are one device's, a piece of the batch; sums over all devices."""
    ((_, n),) = pieces
    first = lax.axis_index(_AXIS).astype(np.uint32) * np.uint32(n)
    return [summed(of_piece((first, first + np.uint32(n))))]


def outputs_of_all(network: Network, p: dict[str, Array], X: Array) -> Array:
    """The raw outputs for the rows of all devices, of which `X` are this one's."""
    return lax.all_gather(network.forward(p, X)[0], _AXIS, tiled=True)

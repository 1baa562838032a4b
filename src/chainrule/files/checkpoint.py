"""Checkpoints: how far a fit is, kept in a folder, so that it goes on after a crash to the same bits.

    folder/lock                         held by the fit that runs
    folder/checkpoint-0.safetensors     the two newest states, written in turn, each whole or not at all
    folder/checkpoint-1.safetensors

Each file is a container of its own with a digest and a running number. The newest that can be read counts.
"""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple
from warnings import warn

import numpy as np

from chainrule.engine import State
from chainrule.errors import CheckpointError, DegradedWarning, ModelFileError, ParameterError
from chainrule.files.checks import check_keys
from chainrule.files.container import Tensors, read_container, write_container
from chainrule.files.lock import locked
from chainrule.training import EpochRecord, Position, Progress

__all__ = ["Checkpoint"]

_NAMES = ("checkpoint-0.safetensors", "checkpoint-1.safetensors")
_LOCK = "lock"
_COUNTS = ("number", "seed", "cycle", "n_done", "key", "step", "count")
_SWITCHES = ("stopped", "finite")


class _Kept(NamedTuple):
    """What a file holds."""

    number: int
    seed: int
    identity: dict[str, Any]
    progress: Progress


class Checkpoint:
    """A folder that keeps how far a fit is: after a crash, the same `fit` with the same folder goes on there.

    What comes out is what the fit would have given without the crash, to the last bit, on the same machine
    with the same engine and versions. A fit that had ended is not repeated: its result is there at once. The
    folder is yours to delete when the model is saved.

    Parameters
    ----------
    folder : str or Path
        Made where it is missing; it holds nothing else, and serves one fit.
    every : float, default=10
        Seconds between two states at the least; what a crash can cost. 0: after each call of the engine,
        about every 50 ms.

    Attributes
    ----------
    resumed_from : int
        Epochs that the last fit found done.

    Raises
    ------
    CheckpointError
        By `fit`: if the folder is of another fit (another table, parameter or engine), in use, not writable
        or damaged, or the disk is full. The states that are there stay as they are.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> folder = getfixture("tmp_path") / "run"
    >>> first = MLPClassifier((8,), max_iter=20, random_state=0).fit(X, y, checkpoint=folder)
    >>> again = MLPClassifier((8,), max_iter=20, random_state=0).fit(X, y, checkpoint=folder)  # at once
    >>> bool((first.coefs_[0] == again.coefs_[0]).all())
    True
    """

    def __init__(self, folder: str | Path, every: float = 10.0) -> None:
        if not every >= 0:
            raise ParameterError(f"every must be a number of seconds ≥ 0, however: {every!r}")
        self.folder = Path(folder)
        self.every = every
        self.resumed_from = 0
        self._found: _Kept | None = None
        self._number = 0
        self._seed = 0
        self._identity: dict[str, Any] = {}
        self._written = 0.0

    @contextmanager
    def opened(self) -> Iterator[None]:
        """A context in which the folder belongs to one fit, and what it holds is known.

        Raises
        ------
        CheckpointError
        """
        self._make_folder()
        with ExitStack() as stack:
            try:
                is_free = stack.enter_context(locked(self.folder / _LOCK))
            except OSError as error:
                raise CheckpointError(f"{self.folder} cannot be written: {error.strerror}") from None
            if not is_free:
                raise CheckpointError(
                    f"{self.folder} is in use by another fit; wait for its end, or name another folder"
                )
            for left in self.folder.glob(".checkpoint-?.safetensors.*.tmp"):  # of a process that was killed
                left.unlink()
            self._found = self._newest()
            self._number = self._found.number if self._found else 0
            self._written = monotonic()
            self.resumed_from = 0
            yield

    def seed(self, random_state: Any) -> int:
        """The seed of this fit: the given one, or for None the one of the fit to go on with, or a new one.

        Raises
        ------
        ParameterError
            For generators, which would give another fit another time.
        """
        if random_state is None:
            self._seed = self._found.seed if self._found else secrets.randbits(31)
        elif isinstance(random_state, int | np.integer):
            self._seed = int(random_state)
        else:
            raise ParameterError(
                "with checkpoint=..., random_state must be a whole number or None, for a fit that goes on "
                f"must begin like the one before, however: {random_state!r}"
            )
        return self._seed

    def progress(self, identity: dict[str, Any]) -> Progress | None:
        """How far the fit of this identity was; None if it is to begin.

        Parameters
        ----------
        identity : dict
            What makes the fit the one it is, as plain data; texts under "versions" may differ.

        Raises
        ------
        CheckpointError
            If the folder holds another fit.
        """
        self._identity = identity
        if self._found is None:
            return None
        before = self._found.identity
        if differences := _differences(before, identity):
            raise CheckpointError(
                f"{self.folder} holds another fit: {'; '.join(differences)}. Name another folder, or delete "
                "this one to begin anew"
            )
        if before["versions"] != identity["versions"]:
            warn(
                f"{self.folder} was written with {_listed(before['versions'])}, and goes on with "
                f"{_listed(identity['versions'])}: the last digits may differ from those of a single run",
                DegradedWarning,
                stacklevel=2,
            )
        self.resumed_from = len(self._found.progress.records)
        return self._found.progress

    def keep(self, progress: Progress, at_once: bool = False) -> None:
        """Write how far the fit is, unless that has just been done.

        Raises
        ------
        CheckpointError
            If it cannot be written; what was written before stays.
        """
        if not at_once and monotonic() - self._written < self.every:
            return
        number = self._number + 1
        description, tensors = _described(_Kept(number, self._seed, self._identity, progress))
        try:
            write_container(self.folder / _NAMES[number % 2], description, tensors)
        except ModelFileError as error:
            raise CheckpointError(
                f"{error}. The fit ended after {len(progress.records)} epochs; make room, and call it again "
                f"to go on from its last checkpoint in {self.folder}"
            ) from None
        self._number = number
        self._written = monotonic()

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            others = sorted(
                path.name
                for path in self.folder.iterdir()
                if path.name not in (*_NAMES, _LOCK, "desktop.ini") and not path.name.startswith(".")
            )
        except FileExistsError:
            raise CheckpointError(f"{self.folder} is a file; name a folder for the checkpoint") from None
        except OSError as error:
            raise CheckpointError(f"{self.folder} cannot be used: {error.strerror}") from None
        if others:
            raise CheckpointError(
                f"{self.folder} holds other things ({', '.join(others[:3])}); name a folder of its own"
            )

    def _newest(self) -> _Kept | None:
        """The newest state that can be read, with a warning if there is one that cannot."""
        found, damaged = [], []
        for name in _NAMES:
            path = self.folder / name
            if path.exists():
                try:
                    found.append(_read(path))
                except ModelFileError as error:
                    damaged.append(str(error))
        newest = max(found, key=lambda kept: kept.number, default=None)
        if damaged and newest is None:
            raise CheckpointError(
                f"{self.folder} has no checkpoint that can be read: {'; '.join(damaged)}. Delete the folder "
                "to begin anew"
            )
        if damaged and newest is not None:
            warn(
                f"{damaged[0]}. The fit goes on from the other checkpoint, after epoch "
                f"{len(newest.progress.records)}",
                DegradedWarning,
                stacklevel=2,
            )
        return newest


def _differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What is not the same in the identities of two fits, in words."""
    found = [
        f"its {name} was {before.get(name)}, now it is {now[name]}"
        for name in ("model", "engine")
        if before.get(name) != now[name]
    ]
    parameters, given = before.get("parameters", {}), now["parameters"]
    found += [
        f"{name} was {parameters.get(name)}, now it is {given.get(name)}"
        for name in sorted({*parameters, *given})
        if parameters.get(name) != given.get(name)
    ]
    if before.get("rows") != now["rows"]:
        found.append("its rows, targets or weights were other ones")
    if before.get("start") != now["start"] and not found:
        found.append("it started from other weights")
    return found


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))


def _described(kept: _Kept) -> tuple[dict[str, Any], Tensors]:
    """What a file holds, as description and arrays."""
    progress, position, state = kept.progress, kept.progress.position, kept.progress.position.state
    description = {
        "kind": "checkpoint",
        "number": kept.number,
        "seed": kept.seed,
        "identity": kept.identity,
        "cycle": progress.cycle,
        "n_done": position.n_done,
        "key": position.key,
        "generator": position.generator,
        "step": int(state.step),
        "count": int(state.count),
        "stopped": bool(state.stopped),
        "finite": bool(state.finite),
    }
    numbers = [float(state.best), float(state.rate_factor), float(progress.best_before)]
    records = [
        (record.loss, record.validation_loss, record.score, record.learning_rate)
        for record in progress.records
    ]
    tensors = {
        "theta": np.asarray(state.theta),
        "best_theta": np.asarray(state.best_theta),
        "numbers": np.asarray(numbers, np.float64),
        "records": np.asarray(records, np.float64),
    }
    tensors |= {f"moments.{i}": np.asarray(moment) for i, moment in enumerate(state.moments)}
    return description, tensors


def _read(path: Path) -> _Kept:
    """What a file holds.

    Raises
    ------
    ModelFileError
        If it is damaged, or no checkpoint.
    """
    description, tensors = read_container(path)
    try:
        check_keys(description, {"kind", "identity", "generator", *_COUNTS, *_SWITCHES})
        counts = {name: description[name] for name in _COUNTS}
        switches = {name: description[name] for name in _SWITCHES}
        fits = all(type(value) is int and value >= 0 for value in counts.values())
        if not fits or not all(type(value) is bool for value in switches.values()):
            raise ValueError(f"a number of it is impossible: {counts!r:.300}, {switches!r:.80}")
        np.random.default_rng(0).bit_generator.state = description["generator"]
        tensors = {name: tensor.copy() for name, tensor in tensors.items()}  # what was read is read-only
        theta, best_theta = tensors.pop("theta"), tensors.pop("best_theta")
        best, rate_factor, best_before = tensors.pop("numbers").tolist()
        records = [EpochRecord(i + 1, *row) for i, row in enumerate(tensors.pop("records").tolist())]
        moments = tuple(tensors.pop(f"moments.{i}") for i in range(len(tensors)))
        if any(vector.shape != theta.shape or theta.ndim != 1 for vector in (best_theta, *moments)):
            raise ValueError("its arrays do not fit together")
        state = State(
            theta,
            moments,
            counts["step"],
            best,
            best_theta,
            counts["count"],
            rate_factor,
            **switches,
        )
        position = Position(counts["n_done"], counts["key"], description["generator"], state)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ModelFileError(f"{path} is no checkpoint, or damaged: {reason:.300}") from None
    progress = Progress(records, position, counts["cycle"], best_before)
    return _Kept(counts["number"], counts["seed"], description["identity"], progress)

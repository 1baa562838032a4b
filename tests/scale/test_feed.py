"""Every row comes once in an epoch, shuffled, in chunks; chunk after chunk is what one epoch is."""

import tracemalloc
from dataclasses import replace
from math import ceil

import numpy as np
import polars as pl
import pytest

from chainrule.engine import Data, Plan, Program, start
from chainrule.errors import TableError
from chainrule.network import Draw, Network, get_loss
from chainrule.optimization import Adam
from chainrule.scale.feed import Feed
from chainrule.scale.kept import KeptRows
from chainrule.scale.source import source_of
from chainrule.scale.survey import Roles, survey
from chainrule.scale.training import trained_on_chunk

ROLES = Roles(("row",), "y")
pytestmark = pytest.mark.usefixtures("small_pieces")


def make_feed(path, n=1000, batch_size=16, judges=0.1, keeps=False, rows_of_a_chunk=160, monkeypatch=None):
    pl.DataFrame({"row": np.arange(n, dtype=float), "y": np.arange(n) * 2.0}).write_parquet(
        path, row_group_size=64
    )
    monkeypatch.setattr("chainrule.scale.feed._BYTES_OF_A_CHUNK", 4 * 3 * rows_of_a_chunk)
    source = source_of(path)
    known = survey(source, ROLES, {}, judges, 5)

    def encode(frame, rng):
        return np.column_stack([frame["row"], frame["y"], np.ones(frame.height)]).astype(np.float32)

    return Feed(source, ROLES, known, encode, 1, 1, batch_size, keeps)


@pytest.fixture
def feed(tmp_path, monkeypatch):
    """A function that makes a feed of the rows 0 to n - 1."""
    return lambda **given: make_feed(tmp_path / "t.parquet", monkeypatch=monkeypatch, **given)


@pytest.mark.parametrize("keeps", [False, True])
def test_every_row_comes_once_in_every_epoch_in_another_order(feed, keeps):
    made = feed(keeps=keeps)
    judges = set(made.survey.judges["row"])
    epochs = [list(made.chunks(np.random.default_rng(seed), seed == 0)) for seed in (0, 1, 2, 1)]
    for chunks in epochs:
        assert [len(chunk.weights) for chunk in chunks] == made.sizes
        rows = np.concatenate([chunk.X[:, 0] for chunk in chunks])
        assert sorted(rows) == sorted(set(range(1000)) - judges)
        assert (np.concatenate([chunk.y[:, 0] for chunk in chunks]) == 2 * rows).all()
    _, one, other, again = (np.concatenate([chunk.X[:, 0] for chunk in chunks]) for chunks in epochs)
    assert (one != other).mean() > 0.9
    assert (one == again).all()
    made.close()
    if keeps:  # a fit that goes on has no first epoch
        np.testing.assert_array_equal(
            np.concatenate([chunk.X[:, 0] for chunk in made.chunks(np.random.default_rng(1), False)]), one
        )
        made.close()


def test_rows_are_mixed_beyond_their_row_group(feed):
    """In a chunk of 160 rows there are rows of more than two row groups of 64, and neighbors are apart."""
    for chunk in feed().chunks(np.random.default_rng(0), True):
        rows = chunk.X[:, 0]
        assert len(set(rows // 64)) >= 3
        assert (np.abs(np.diff(rows)) == 1).mean() < 0.05


@pytest.mark.parametrize("n", [1, 5, 16, 17, 100, 1000])
@pytest.mark.parametrize("batch_size", [1, 16, 5000])
def test_chunks_are_whole_batches_of_nearly_equal_number(feed, n, batch_size):
    made = feed(n=n, batch_size=batch_size, judges=0)
    sizes = made.sizes
    assert sum(sizes) == n
    assert all(size % batch_size == 0 for size in sizes[:-1])
    steps = [ceil(size / batch_size) for size in sizes]
    assert sum(steps) == ceil(n / batch_size)
    assert max(steps) - min(steps) <= 1
    assert sum(len(chunk.weights) for chunk in made.chunks(np.random.default_rng(0), True)) == n


def test_shuffling_takes_three_chunks_and_a_piece(feed):
    """Two in the buffer, the one that is drawn; half of one while gaps are closed."""
    made = feed(judges=0, rows_of_a_chunk=4000)
    made.survey = replace(made.survey, starts=(0, 100_000), n_learned=100_000)
    bytes_of_a_chunk = 4 * 3 * max(made.sizes)
    blocks = (np.zeros((500, 3), np.float32) for _ in range(200))
    tracemalloc.start()
    try:
        assert sum(len(chunk) for chunk in made._shuffled(blocks, np.random.default_rng(0))) == 100_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    places = 8 * 2 * max(made.sizes)  # the order in which the rows of the buffer are drawn
    assert peak < 3.5 * bytes_of_a_chunk + 3 * places + 4 * 3 * 500


def test_what_is_drawn_does_not_depend_on_the_blocks(feed):
    made = feed(judges=0)
    rows = np.arange(3000, dtype=np.float32).reshape(1000, 3)
    drawn = []
    for size in (7, 64, 1000):
        blocks = (rows[start : start + size] for start in range(0, 1000, size))
        drawn.append(np.concatenate(list(made._shuffled(blocks, np.random.default_rng(0)))))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[0], drawn[2])
    np.testing.assert_array_equal(np.sort(drawn[0], axis=0), rows)


@pytest.mark.parametrize("n", [999, 1001, 3000])
def test_more_or_fewer_rows_than_before_are_noticed(feed, n):
    blocks = (np.zeros((min(50, n - start), 3), np.float32) for start in range(0, n, 50))
    with pytest.raises(TableError, match=f"it had 1,000 rows to learn from, and now {n:,};"):
        list(feed(judges=0)._shuffled(blocks, np.random.default_rng(0)))


def test_data_that_changes_meanwhile_is_noticed(feed, tmp_path):
    made = feed(judges=0)
    pl.DataFrame({"row": np.arange(9.0), "y": np.arange(9.0)}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(TableError, match=r"changed|cannot be read"):
        list(made.chunks(np.random.default_rng(0), True))


def test_a_training_that_ends_early_leaves_no_half_written_rows(feed):
    """The next epoch reads the source anew instead of the rows that happen to be there."""
    made = feed(keeps=True, judges=0)
    chunks = made.chunks(np.random.default_rng(0), True)
    next(chunks)
    chunks.close()
    assert sum(len(chunk.weights) for chunk in made.chunks(np.random.default_rng(1), False)) == 1000
    made.close()


def test_kept_rows_that_find_no_room_are_said(tmp_path):
    resource = pytest.importorskip("resource")
    kept = KeptRows(4)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))
    try:
        with pytest.raises(TableError, match="set TMPDIR to a folder with more room"):
            kept.append(np.zeros((100_000, 4), np.float32))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    kept.close()


def test_chunk_after_chunk_is_one_epoch_over_the_whole(engine):
    """The same steps, to the last bit in the numpy engine."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 4)), rng.normal(size=(100, 1))
    network = Network.mlp(4, (8,), 1, dropout=0.2)
    program = Program(
        network, get_loss("squared_error"), Adam(), monitor="external", weight_decay=True, fades=True
    )
    numbers = {
        "l2": 0.01,
        "l1": 0,
        "clip": 0,
        "weight_decay": 0.1,
        "tol": 0,
        "patience": np.inf,
        "beta_1": 0.9,
    }
    numbers |= {"beta_2": 0.99, "epsilon": 1e-8}
    theta = network.initialize(rng, np.float64)
    rates, fades, key = np.linspace(0.1, 0.01, 10), np.linspace(1, 0, 10), Draw.from_seed(3).key
    plan = Plan(
        None, rates[None], Adam().correction(numbers, 1 + np.arange(10))[None], 10, key, 1, fades[None]
    )
    data = Data(X, y, np.ones(100))
    whole, _ = engine.run_epochs(program, engine.load(data, np.float64), start(theta, 2), plan, numbers)
    state = start(theta, 2)
    for first, last in ((0, 3), (3, 7), (7, 10)):
        rows = slice(10 * first, 10 * last)
        chunk = Data(X[rows], y[rows], np.ones(10 * (last - first)))
        state, _ = trained_on_chunk(
            engine, program, chunk, state, rates[first:last], fades[first:last], key, numbers, 10
        )
    assert state.step == whole.step == 10
    tolerance = 0 if engine.name == "numpy" else 1e-12
    np.testing.assert_allclose(state.theta, whole.theta, rtol=tolerance, atol=tolerance)

"""Rounds over shards in one process: means, orders, lengths, and what does not change a bit."""

import numpy as np
import pytest

from chainrule.engine import Data, Program, start
from chainrule.engine.numpy import NumpyEngine
from chainrule.network import Network, get_loss
from chainrule.optimization import Adam, get_schedule
from chainrule.scale import rounds
from chainrule.scale.rounds import Learned, LocalShards, Work, averaged, round_lengths, train_shard


def make_shards(*sizes, n_inputs=3, weight=1.0):
    rng = np.random.default_rng(0)
    found = []
    for size in sizes:
        X = rng.normal(size=(size, n_inputs)).astype(np.float32)
        y = np.tanh(X[:, :1] - X[:, 1:2])
        found.append(Data(X, y, np.full(size, weight, np.float32)))
    return found


@pytest.fixture
def make(numbers):
    def make(shards, epochs=6, batch_size=64, loss="squared_error", dropout=0.2, **given):
        network = Network.mlp(3, (8,), 1, "tanh", dropout)
        program = Program(network, get_loss(loss), Adam())
        theta = network.initialize(np.random.default_rng(1), np.float32)
        return LocalShards(shards).training(
            program=program,
            engine=NumpyEngine(),
            data=shards[0],
            state=start(theta, 2),
            numbers=numbers(),
            schedule=get_schedule("constant"),
            learning_rate=0.01,
            batch_size=batch_size,
            max_epochs=epochs,
            planned_epochs=epochs,
            rng=np.random.default_rng(0),
            **given,
        )

    return make


def run(training):
    records = list(training.epochs())
    return np.asarray(training.state.theta), records


def work(network, first=0, steps=4, batch_size=5, seed=3):
    program = Program(network, get_loss("squared_error"), Adam())
    rates = np.full(steps, 0.01)
    return Work(1, program, "numpy", {"l2": 0.0}, batch_size, 1.0, first, rates, None, 7, seed)


def test_the_mean_is_weighted_by_the_rows():
    rng = np.random.default_rng(0)
    thetas = rng.normal(size=(3, 5)).astype(np.float32)
    parts = [
        Learned(theta, (theta,), float(i), w, True)
        for i, (theta, w) in enumerate(zip(thetas, (1.0, 2.0, 5.0), strict=True))
    ]
    met = averaged([parts[0], None, *parts[1:]])
    np.testing.assert_allclose(met.theta, np.average(thetas, axis=0, weights=(1, 2, 5)), rtol=1e-6)
    np.testing.assert_array_equal(met.moments[0], met.theta)
    assert met.loss == pytest.approx(12 / 8)
    assert met.finite
    assert met.theta.dtype == np.float32
    assert not averaged([parts[0], parts[1]._replace(finite=False)]).finite


@pytest.mark.parametrize("n_steps", [1, 24, 25, 60, 400, 999, 12_345])
@pytest.mark.parametrize("is_first", [True, False])
def test_the_lengths_of_an_epochs_rounds_add_up(n_steps, is_first):
    lengths = round_lengths(n_steps, is_first)
    assert sum(lengths) == n_steps
    assert 0 < min(lengths) <= max(lengths) <= 250
    if is_first and n_steps >= 400:
        assert lengths[:3] == [25, 50, 100]


def test_long_trainings_meet_a_hundred_times_less_often_than_they_step():
    lengths = round_lengths(1000, True) + 3 * round_lengths(1000, False)
    assert sum(lengths) >= 100 * len(lengths)


def test_the_rounds_of_an_epoch_visit_every_row_once():
    network = Network.mlp(3, (8,), 1)
    orders = [rounds._order(40, work(network, first, steps=4), shard=1) for first in (0, 4)]
    assert sorted(np.concatenate(orders).tolist()) == list(range(40))
    assert len(rounds._order(7, work(network), shard=0)) == 20
    other = rounds._order(40, work(network, seed=4), shard=1)
    assert other.tolist() != orders[0].tolist()
    assert rounds._order(40, work(network), shard=2).tolist() != orders[0].tolist()


def test_a_shard_trained_again_gives_the_same_bits(numbers):
    from chainrule.scale.rounds import Stand

    network = Network.mlp(3, (8,), 1, "tanh", 0.3)
    shard = make_shards(33)[0]
    theta = network.initialize(np.random.default_rng(0), np.float32)
    stand = Stand(theta, (np.zeros_like(theta),) * 2, 0)
    of = Work(1, work(network).program, "numpy", numbers(), 5, 1.0, 0, np.full(9, 0.01), None, 7, 3)
    first, again = (train_shard(shard, 1, of, stand) for _ in range(2))
    assert first.theta.tobytes() == again.theta.tobytes()
    assert first.loss == again.loss
    assert first.theta.tobytes() != train_shard(shard, 2, of, stand).theta.tobytes()
    assert train_shard(make_shards(0)[0], 1, of, stand) is None


def test_an_empty_shard_changes_no_bit(make):
    shards = make_shards(120, 70)
    theta, records = run(make(shards))
    with_empty, its_records = run(make([*shards, *make_shards(0)]))
    assert theta.tobytes() == with_empty.tobytes()
    assert records == its_records


def test_rounds_learn_as_one_process_does(make, make_training):
    shards = make_shards(150, 150, 100, 100)
    whole = Data(*(np.concatenate(parts) for parts in list(zip(*shards, strict=True))[:3]))
    in_rounds = make(shards, epochs=60, dropout=0.0)
    _, records = run(in_rounds)
    alone = make_training(
        NumpyEngine(),
        Network.mlp(3, (8,), 1, "tanh"),
        whole.X,
        whole.y,
        epochs=60,
        batch_size=64,
        dtype=np.float32,
    )
    assert records[-1].loss < 1.2 * list(alone.epochs())[-1].loss
    assert records[-1].loss < 0.05 * records[0].loss


def test_a_loss_that_is_a_sum_is_one_over_all_shards(make):
    shards = make_shards(64, 64)
    _, (record,) = run(make(shards, epochs=1, loss="sum_of_squares", dropout=0.0))
    _, (mean,) = run(make(shards, epochs=1, loss="mean_squared_error", dropout=0.0))
    assert record.loss == pytest.approx(128 * mean.loss, rel=0.2)


def test_a_training_goes_on_from_a_position_to_the_same_bits(make):
    shards = make_shards(120, 70)
    theta, records = run(make(shards, epochs=6))
    positions = []
    stopped = make(shards, epochs=6, after_call=positions.append)
    epochs = stopped.epochs()
    for _ in range(4):
        next(epochs)
    going_on = make(shards, epochs=6)
    going_on.go_on_from(positions[2])
    rest_theta, rest = run(going_on)
    assert rest_theta.tobytes() == theta.tobytes()
    assert rest == records[3:]


def test_numbers_that_run_away_end_the_training(make):
    shards = make_shards(120, 70)
    shards[1].X[3] = 1e30
    training = make(shards)
    training.learning_rate = 1e30
    with np.errstate(all="ignore"):
        run(training)
    assert not training.state.finite

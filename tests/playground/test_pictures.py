"""Pictures hold what the network answers."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import confusion_matrix

from chainrule.errors import ParameterError
from chainrule.playground.frames import axes_of, frame_of, state_of
from chainrule.playground.messages import pack
from chainrule.playground.model import estimator_of
from chainrule.playground.pictures import (
    Grid,
    hidden_space,
    histograms,
    layer_lines,
    main_picture,
    unit_pictures,
)
from chainrule.playground.run import Run
from chainrule.playground.session import Session
from chainrule.playground.view import View

AXES = ("x1", "x2")


def trained(**chosen):
    run = Run(**chosen)
    run.advance("epoch", 5)
    return run


def points_of(grid_size, extent=6.0):
    """Centers of the cells, from high to low."""
    step = 2 * extent / grid_size
    centers = -extent + step * (np.arange(grid_size) + 0.5)
    return np.array([(x1, x2) for x2 in centers[::-1] for x1 in centers])


def as_bytes(values):
    return np.round((np.clip(values, -1, 1) + 1) * 127.5)


def test_the_main_picture_of_two_classes_is_their_probability():
    run = trained(data={"kind": "xor"})
    picture, sure = main_picture(run, Grid.of(run.examples, AXES, {}, 30), None)
    p = estimator_of(run).predict_proba(points_of(30))[:, 1].reshape(30, 30)
    np.testing.assert_allclose(picture, as_bytes(2 * p - 1), atol=1)
    assert sure is None


def test_the_main_picture_of_more_classes_is_the_likeliest_and_how_sure():
    run = trained(data={"kind": "rings"}, solver="adam")
    picture, sure = main_picture(run, Grid.of(run.examples, AXES, {}, 25), None)
    p = estimator_of(run).predict_proba(points_of(25)).reshape(25, 25, 4)
    np.testing.assert_array_equal(picture, p.argmax(2))
    np.testing.assert_allclose(sure, np.floor(255 * p.max(2)), atol=1)


def test_the_main_picture_of_numbers_spans_the_targets():
    run = trained(data={"kind": "plane"})
    picture, _ = main_picture(run, Grid.of(run.examples, AXES, {}, 20), None)
    low, high = run.examples.rows.y.min(), run.examples.rows.y.max()
    answers = estimator_of(run).predict(points_of(20)).reshape(20, 20)
    np.testing.assert_allclose(picture, as_bytes(2 * (answers - low) / (high - low) - 1), atol=1)


def test_every_neuron_has_its_picture():
    run = trained(layers=[{"units": 3, "activation": "tanh"}, {"units": 2, "activation": "softplus"}])
    grid = Grid.of(run.examples, AXES, {}, 16)
    pictures = unit_pictures(run, grid)
    model, X = estimator_of(run), points_of(16)
    np.testing.assert_array_equal(
        pictures[0], as_bytes(X[:, 0] / abs(run.examples.X[:, 0]).max()).reshape(16, 16)
    )
    np.testing.assert_allclose(pictures[2:5].reshape(3, -1), as_bytes(model.transform(X, layer=1).T), atol=1)
    z = model.transform(X, layer=2)
    np.testing.assert_allclose(pictures[5:7].reshape(2, -1), as_bytes(z / z.max(0)).T, atol=1)
    p = model.predict_proba(X)[:, 1]
    np.testing.assert_allclose(pictures[7].ravel(), as_bytes(2 * p - 1), atol=1)
    for chosen, place in (((-1, 1), 1), ((0, 2), 4), ((1, 1), 6), ((2, 0), 7)):
        np.testing.assert_array_equal(main_picture(run, grid, chosen)[0], pictures[place])


@pytest.mark.parametrize("chosen", [(-2, 0), (3, 0), (0, 4), (0, -1)])
def test_a_neuron_that_is_not_there_has_no_picture(chosen):
    run = Run()
    with pytest.raises(ParameterError, match="there is no"):
        main_picture(run, Grid.of(run.examples, AXES, {}, 4), chosen)


def test_columns_that_are_no_axis_are_held():
    run = trained(data={"kind": "iris"})
    names = [column.name for column in run.examples.rows.columns]
    grid = Grid.of(run.examples, (names[2], names[3]), {names[0]: 5.0}, 5)
    rows = run.examples.inputs
    values = np.tile([5.0, np.median(run.examples.rows.values[:, 1]), 0, 0], (25, 1))
    np.testing.assert_allclose(grid.X[:, :2], rows.of(values)[:, :2])
    assert len(np.unique(grid.X[:, 2])) == 5


def test_a_level_can_be_an_axis(tmp_path):
    from chainrule.playground.tables import table_examples

    path = tmp_path / "t.csv"
    rng = np.random.default_rng(0)
    path.write_text(
        "\n".join(
            [
                "size,color,price",
                *(f"{i / 7:.3f},{rng.choice(['red', 'blue', 'green'])},{i % 13}.5" for i in range(90)),
            ]
        )
    )
    run = Run(examples=table_examples(path, "price"), data={"kind": "table"})
    assert axes_of(View(), run.examples) == ("size", "color")
    grid = Grid.of(run.examples, ("size", "color"), {}, 6)
    np.testing.assert_array_equal(grid.X[:, 1:].sum(axis=1), np.ones(36))
    assert [tuple(row[1:]) for row in grid.X[::12]] == [(0, 0, 1), (0, 1, 0), (1, 0, 0)]


def test_hidden_space_of_two_units_is_what_they_answer():
    run = trained()
    names, points, lines = hidden_space(run, AXES, {}, 1, np.arange(500))
    np.testing.assert_allclose(points, estimator_of(run).transform(run.examples.X, layer=2), atol=1e-6)
    assert names == ("z₁", "z₂")
    assert np.isnan(lines[41]).all()
    assert len(lines) == 22 * 42


def test_hidden_space_of_more_units_is_where_they_differ_most():
    run = trained(layers=[{"units": 7, "activation": "silu"}])
    _, points, _ = hidden_space(run, AXES, {}, 0, np.arange(500))
    wanted = PCA(2).fit_transform(estimator_of(run).transform(run.examples.X))
    np.testing.assert_allclose(np.abs(points), np.abs(wanted), atol=1e-5)
    assert hidden_space(run, AXES, {}, 1, np.arange(500)) is None


def test_lines_of_units_are_where_their_sums_are_zero():
    run = trained()
    sums = layer_lines(run, AXES, {}, 0)
    W, b = (run.now.setup.network.views(run.theta)[0][name] for name in "Wb")
    np.testing.assert_allclose(sums.reshape(4, -1).T, points_of(48) @ W.T + b, atol=1e-5)


def test_histograms_count_outputs_and_derivatives():
    run = trained()
    found = histograms(run)
    z = estimator_of(run).transform(run.examples.X_train, layer=1)
    counts, _ = np.histogram(z, 24, (z.min(), z.max()))
    assert found[0]["activations"]["counts"] == counts.tolist()
    assert sum(found[1]["gradients"]["counts"]) == 8


def test_the_frame_has_the_numbers_of_the_engine():
    session = Session(lambda *_: None, lambda work: work())
    session.run = run = trained(data={"kind": "pinwheel"}, solver="adam")
    session.view = session.view.changed({"histograms": True, "hidden_space": 0, "lines": 1}, run.examples)
    content, buffers = frame_of(session)
    np.testing.assert_array_equal(buffers["theta"], run.theta)
    assert content["train"]["loss"] == run.scores().loss
    assert content["epoch_loss"] == run.epoch_losses[-1]
    model = estimator_of(run)
    wanted = confusion_matrix(run.examples.y_test, model.predict(run.examples.X_test))
    assert content["confusion"]["test"] == wanted.tolist()
    assert buffers["curve"].shape == (6, 5)
    np.testing.assert_allclose(buffers["curve"][:, 0], np.arange(6))
    np.testing.assert_allclose(buffers["curve"][-1, 2], run.scores(test=True).loss, rtol=1e-6)
    assert {"units", "main", "sure", "hidden_points", "hidden_grid", "lines"} < set(buffers)


def test_the_state_has_the_points():
    session = Session(lambda *_: None, lambda work: work())
    content, buffers = state_of(session)
    rows = session.run.examples.rows
    np.testing.assert_allclose(buffers["points"], rows.values, rtol=1e-6)
    np.testing.assert_array_equal(buffers["is_test"], session.run.examples.is_test)
    assert content["problem"]["n_train"] == 250
    assert content["network"]["n_parameters"] == 25


def test_a_view_says_what_it_cannot_show():
    rows = Run().examples.rows
    for wrong in (
        3,
        {"main": "ab"},
        {"main": [0]},
        {"main": [0, "a"]},
        {"main": [True, False]},
        {"hidden_space": "a"},
        {"hidden_space": 0.5},
        {"lines": []},
        {"histograms": {}},
        {"held": {"x1": 10**400}},
        {"zoom": 1},
        {"axes": ["x1"]},
        {"axes": ["x1", "x9"]},
        {"held": {"x1": "a"}},
        {"main_size": 10_000},
    ):
        with pytest.raises(ParameterError):
            View().changed(wrong, rows)


def test_numbers_that_hardly_differ_or_are_huge_have_a_histogram_and_a_space():
    for scale in (1e-312, 1e200):
        run = Run(layers=[{"units": 3, "activation": "identity"}])
        run._take(
            run.now._replace(state=run.now.state._replace(theta=run.now.setup.parts.split(run.theta * scale)))
        )
        session = Session(lambda *_: None, lambda _: None)
        session.run = run
        session.view = View(histograms=True, hidden_space=0, lines=0)
        content, _ = frame_of(session)
        pack(content)
        assert all(
            np.isfinite([one["activations"]["low"], one["activations"]["high"]]).all()
            for one in content["histograms"]
        )

"""Tables and model files that a page opens."""

import json

import numpy as np
import pytest
from session_page import TABLE, Page

from chainrule import MLPClassifier, TabularRegressor, save


def test_a_table_from_the_page():
    page = Page()
    state = page.send("table", TABLE, name="../etc/<b>sales</b>.csv")
    assert state["problem"]["title"] == "b>.csv"
    assert state["problem"]["target"] == "price"
    assert state["settings"]["data"]["kind"] == "table"
    state = page.send("table", target="color")
    assert state["problem"]["classes"] == ["blue", "red"]
    state = page.send("table", target="color", columns=["size"])
    assert state["network"]["inputs"] == ["size"]
    state = page.send("table", columns=["price"])
    assert state["network"]["inputs"] == ["price"]
    page.send("step", unit="epoch", n=2)
    assert page.frame()["train"]["loss"] > 0
    page.send("set", settings={"data": {"kind": "circle"}})
    assert page.send("table", columns=["x1"])["type"] == "refused"
    assert page.send("table", target="size")["problem"]["target"] == "size"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"a,b\n1,2,3\n",
        b"a,a\n1,2\n",
        b"\xff\xfe\x00",
        b"x\n" * 5,
        b"PAR1" + b"\x00" * 50,
        b'a,b\n"1,2\n',
    ],
)
def test_a_table_that_cannot_be_read_changes_nothing(data):
    page = Page()
    before = page.session.run.now
    answer = page.send("table", data, name="my table.csv")
    assert answer["type"] == "refused"
    assert "/tmp" not in answer["message"]
    assert page.session.run.now is before


def test_hostile_names_come_back_as_they_are():
    name = '<img src=x onerror="alert(1)">'
    page = Page()
    text = f'"{name.replace(chr(34), chr(34) * 2)}",y\n' + "".join(f"{i},{i % 7}.5\n" for i in range(40))
    state = page.send("table", text.encode(), name="t.csv")
    assert state["network"]["inputs"] == [name]
    page.send("step", unit="epoch")
    page.send("ask", id=1, what="trace", row=0)
    assert name in json.dumps(page.told[-1][0], ensure_ascii=False).replace('\\"', '"')


def test_files_of_the_command_line(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_bytes(TABLE)
    page = Page(data=str(path), target="color")
    assert page.told[-1][0]["problem"]["title"] == "sales.csv"
    page.send("step", unit="epoch", n=3)
    page.send("ask", id=3, what="python")
    assert str(path) in page.told[-1][0]["text"]
    page.send("ask", id=4, what="model_file")
    buffers = page.told[-1][1]
    model = tmp_path / "model.safetensors"
    model.write_bytes(buffers["bytes"].tobytes())
    theta = page.session.run.theta
    other = Page(data=str(path), target="color", model=str(model))
    np.testing.assert_allclose(other.session.run.theta, theta, rtol=1e-12)
    assert Page(data=str(tmp_path / "none.csv")).told[1][0]["type"] == "refused"


def test_a_model_file_predicts_in_the_units_of_the_table(tmp_path):
    from chainrule import load

    page = Page()
    page.send("table", TABLE, name="t.csv")
    page.send("set", settings={"solver": "adam"})
    page.send("step", unit="epoch", n=5)
    page.send("ask", id=1, what="model_file")
    path = tmp_path / "m.safetensors"
    path.write_bytes(page.told[-1][1]["bytes"].tobytes())
    import pandas as pd

    rows = page.session.run.examples.rows.values[:7]
    frame = pd.DataFrame(
        {"size": rows[:, 0], "color = blue": rows[:, 1] == 0, "color = red": rows[:, 1] == 1}, dtype=float
    )
    run = page.session.run
    wanted = run.outputs(run.examples.X[:7])[:, 0] * run.examples.scale + run.examples.center
    np.testing.assert_allclose(load(path).predict(frame), wanted, rtol=1e-10)


def test_opened_models(tmp_path):
    page = Page()
    examples = page.session.run.examples
    model = MLPClassifier(
        (5, 3), activation=["relu", "gelu"], dropout=[0.1, 0], max_iter=5, tol=0, random_state=0
    )
    with pytest.warns(match="converged"):
        model.fit(examples.X_train, examples.y_train.astype(int))
    path = tmp_path / "m.safetensors"
    save(model, path)
    state = page.send("open_model", path.read_bytes())
    assert [layer["units"] for layer in state["network"]["layers"]] == [5, 3]
    assert state["settings"]["layers"][0]["dropout"] == 0.1
    np.testing.assert_allclose(page.session.run.theta, model._theta(model.network_), rtol=1e-12)
    before = page.session.run.now
    for data in (b"", b"no model", path.read_bytes()[:200]):
        assert page.send("open_model", data)["type"] == "refused"
    page.send("set", settings={"features": ["x1"]})
    assert "takes 2 inputs" in page.send("open_model", path.read_bytes())["message"]
    assert before is not None


def test_a_table_model_is_refused_by_name(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    model = TabularRegressor(preset="fast", max_iter=2, random_state=0).fit(X, X[:, 0])
    path = tmp_path / "m.safetensors"
    save(model, path)
    assert "TabularRegressor" in Page().send("open_model", path.read_bytes())["message"]


def test_a_table_that_cannot_be_read_leaves_the_one_that_was_open():
    page = Page()
    page.send("table", TABLE, name="good.csv")
    assert page.send("table", b"a,b\n1,2,3\n", name="bad.csv")["type"] == "refused"
    state = page.send("table", target="size")
    assert (state["problem"]["title"], state["problem"]["target"]) == ("good.csv", "size")


def test_no_point_is_drawn_where_a_table_has_no_value():
    page = Page()
    lines = [f"{i if i % 3 else ''},{i % 5},{i}.5" for i in range(60)]
    page.send("table", "\n".join(["a,b,y", *lines]).encode(), name="t.csv")
    points = page.told[-1][1]["points"]
    assert np.isnan(points[::3, 0]).all()
    assert np.isfinite(points[:, 1]).all()

"""Tables of the playground: any columns as inputs of a plain network."""

import numpy as np
import pytest
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from chainrule.errors import ParameterError, TableError
from chainrule.playground.run import Run
from chainrule.playground.tables import table_examples, table_rows, with_columns


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["size,color,paid,when,price"]
    for i in range(120):
        size = "" if i % 10 == 3 else f"{rng.normal(50, 9):.3f}"
        color, paid = ("red", "green", "blue")[i % 3], ("no", "yes")[i % 2]
        lines.append(f"{size},{color},{paid},2024-{1 + i % 12:02d}-15,{rng.random():.4f}")
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(lines))
    return path


def test_inputs_are_those_of_scikit_learn(table):
    examples = table_examples(table, "price", share=60, seed=2)
    X, names = examples.X_train, list(examples.inputs.names)
    raw = examples.rows.values[~examples.is_test]
    filled = np.where(np.isnan(raw[:, 0]), np.nanmedian(raw[:, 0]), raw[:, 0])
    np.testing.assert_allclose(
        X[:, names.index("size")], StandardScaler().fit_transform(filled[:, None])[:, 0]
    )
    np.testing.assert_array_equal(X[:, names.index("size is missing")], np.isnan(raw[:, 0]))
    wanted = OneHotEncoder(sparse_output=False).fit_transform(raw[:, [1]])
    colors = [names.index(f"color = {level}") for level in ("blue", "green", "red")]
    np.testing.assert_array_equal(X[:, colors], wanted)
    assert abs(examples.y_train.mean()) < 1e-12
    assert examples.y_train.std() == pytest.approx(1)
    assert len(examples.y_train) == 72


def test_columns_can_be_left_out(table):
    examples = table_examples(table, "price", columns=["color"])
    assert examples.inputs.names == ("color = blue", "color = green", "color = red")
    with pytest.raises(ParameterError, match="no column 'weight'"):
        table_examples(table, "price", columns=["weight"])
    with pytest.raises(ParameterError, match="needs an input"):
        with_columns(table_rows(table, "price", 0), [])


def test_the_last_column_is_the_target_where_none_is_named(table):
    assert table_rows(table, None, 0).target == "price"


def test_a_text_is_a_class(table):
    rows = table_rows(table, "color", 0)
    assert (rows.task, rows.classes) == ("classification", ("blue", "green", "red"))


def test_columns_that_do_not_fit_are_named(tmp_path, table):
    with pytest.raises(TableError, match="no column 'weight'"):
        table_rows(table, "weight", 0)
    path = tmp_path / "many.csv"
    path.write_text("x,y\n" + "\n".join(f"{i},{'abcdefghijklmnop'[i % 13]}" for i in range(100)))
    with pytest.raises(TableError, match="13 classes"):
        table_rows(path, "y", 0)
    path.write_text("y\n1\n2\n")
    with pytest.raises(TableError):
        table_rows(path, "y", 0)


def test_frequent_levels_have_an_input_each_and_the_rest_one(tmp_path):
    path = tmp_path / "levels.csv"
    lines = [f"{'abcdefghijklmnopqrst'[min(i % 40, 19)]}{'!' if i % 40 > 19 else ''},{i}" for i in range(400)]
    path.write_text("\n".join(["level,y", *lines]))
    rows = table_rows(path, "y", 0)
    assert len(rows.columns[0].levels) == 13
    assert rows.columns[0].levels[-1] == "(other)"
    examples = table_examples(path, "y")
    np.testing.assert_array_equal(examples.X.sum(axis=1), np.ones(400))


def test_other_test_rows_of_a_table(table):
    run = Run(examples=table_examples(table, "price"), data={"kind": "table"}, learning_rate=0.01)
    before = run.examples.is_test.copy()
    run.advance("epoch")
    run.change({"data": {"seed": 9}})
    assert (run.examples.is_test != before).any()
    run.change({"data": {"share": 80}})
    assert len(run.examples.y_train) == 96
    assert run.examples.inputs.center[0] == pytest.approx(
        np.mean(
            np.where(np.isnan(s := run.examples.rows.values[~run.examples.is_test, 0]), np.nanmedian(s), s)
        )
    )
    run.advance("epoch")
    assert run.is_finite


def test_columns_that_are_left_out_are_named(tmp_path):
    path = tmp_path / "t.csv"
    lines = [f"{i},7,,{i * 1.5}" for i in range(40)]
    path.write_text("\n".join(["a,same,none,y", *lines]))
    assert table_rows(path, "y", 0).notices == (
        "Column 'same' has the same value in every row, and is left out.",
        "Column 'none' has no value in any row, and is left out.",
    )


def test_numbers_too_large_to_be_squared_are_refused_by_their_column(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a,y", *(f"{(-1) ** i}.7e300,{i * 1.5}" for i in range(40))]))
    with pytest.raises(TableError, match=r"'a' holds numbers as large as 1\.7e\+300"):
        table_rows(path, "y", 0)

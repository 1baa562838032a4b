"""A room imports only from the rooms to its left, and `import chainrule` imports next to nothing."""

import ast
from pathlib import Path

import pytest

import chainrule

ROOMS = [
    {"errors"},
    {"network"},
    {"optimization"},
    {"engine"},
    {"training"},
    {"table"},
    {"estimators"},
    {"explain", "plotting", "files", "export", "scale"},
    {"serving"},
    {"playground"},
    {"cli"},
]
PLACE = {room: place for place, rooms in enumerate(ROOMS) for room in rooms}

OUTSIDE = {"__init__", "versions"}
"""Modules that belong to no room: they name the package's parts, and read its version."""

ALLOWED = {("estimators", "files"), ("estimators", "scale")}
"""`save` of an estimator hands itself to the room that writes files, when it is called and not before."""

SOURCE = Path(chainrule.__file__).parent


def imports(path):
    """(name, whether inside a function) of everything that a module imports from this package."""
    found = []

    def visit(node, inside):
        inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(node, ast.Import):
            found.extend((alias.name, inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            name = node.module
            names = [f"{name}.{alias.name}" for alias in node.names] if name == "chainrule" else [name]
            found.extend((name, inside) for name in names)
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    visit(ast.parse(path.read_text(encoding="utf-8")), False)
    return [(name, inside) for name, inside in found if name.split(".")[0] == "chainrule"]


def room_of(path):
    return path.relative_to(SOURCE).with_suffix("").parts[0]


MODULES = sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_room_imports_only_from_rooms_to_its_left(path):
    room = room_of(path)
    if room in OUTSIDE:
        return
    assert room in PLACE, f"{room} has no place in the order of the rooms"
    for name, inside_a_function in imports(path):
        other = name.split(".")[1]
        if other in OUTSIDE | {room, "__version__"} or ((room, other) in ALLOWED and inside_a_function):
            continue
        assert PLACE[other] < PLACE[room], f"{room} imports {name}"


def test_what_is_allowed_to_be_out_of_order_still_occurs():
    found = {
        (room_of(p), name.split(".")[1]) for p in MODULES if room_of(p) in PLACE for name, _ in imports(p)
    }
    assert found >= ALLOWED


def test_the_rule_sees_imports_of_every_form(tmp_path):
    module = tmp_path / "module.py"
    module.write_text(
        "import chainrule.engine.step\n"
        "from chainrule.network import Dense\n"
        "from chainrule import errors, table\n"
        "import json\n"
        "def f():\n    from chainrule.files import save\n"
    )
    assert imports(module) == [
        ("chainrule.engine.step", False),
        ("chainrule.network", False),
        ("chainrule.errors", False),
        ("chainrule.table", False),
        ("chainrule.files", True),
    ]


HEAVY = {"jax", "numpy", "scipy", "sklearn", "polars"}


@pytest.mark.parametrize(
    ("statement", "never"),
    [
        ("import chainrule", HEAVY),
        ("from chainrule import Network", HEAVY - {"numpy"}),
        ("from chainrule import MLPClassifier", {"jax", "polars"}),
        ("from chainrule import load, save", {"jax", "polars"}),
    ],
)
def test_an_import_brings_only_what_it_needs(run_python, statement, never):
    code = f"{statement}\nimport sys\nprint(*sorted({never!r} & set(sys.modules)))"
    assert run_python(code) == ""

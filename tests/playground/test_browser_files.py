"""What leaves the page: a model file, Python, NumPy and JavaScript, all of which predict as the page does."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from browser_pages import a_browser, a_playground, a_visit, assert_same, pages_to_open  # noqa: F401

import chainrule
from chainrule.playground import Run
from chainrule.playground.model import estimator_of

TRAINED = [
    {"data": {"kind": "circle"}},
    {"data": {"kind": "rings"}, "layers": [{"units": 6, "activation": "relu"}]},
    {"data": {"kind": "wave"}, "solver": "adam"},
]
ADDRESSES = ["", "data=rings&layers=6:relu", "data=wave&solver=adam"]
CASES = list(zip(ADDRESSES, TRAINED, strict=True))


def trained(settings):
    run = Run(**settings)
    run.advance("epoch", 3)
    return run, estimator_of(run)


def code(visit, language):
    panel = visit.tab("Save & export")
    panel.get_by_role("radio", name=re.compile(f"^{language}")).check()
    begins = {"Python": "import", "NumPy": "numpy", "JavaScript": "export"}[language]
    panel.locator("pre.code", has_text=begins).wait_for()
    panel.get_by_role("button", name="Copy", exact=True).click()
    panel.get_by_role("button", name="✓ Copied").first.wait_for()
    return visit.page.evaluate("navigator.clipboard.readText()")


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize(("address", "settings"), CASES)
def test_a_saved_model_predicts_as_the_page_and_opens_again(opened, tmp_path, address, settings):
    visit = opened(address)
    visit.step("epoch", 3)
    theta = visit.theta
    panel = visit.tab("Save & export")
    with visit.page.expect_download() as download:
        panel.get_by_role("button", name="Save model").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    run, model = trained(settings)
    loaded = chainrule.load(path)
    assert np.array_equal(loaded.predict(run.examples.X), model.predict(run.examples.X))
    with visit.changing():
        visit.control("reset").click()
    assert (visit.theta != theta).any()
    with visit.changing():
        panel.get_by_label("Model file").set_input_files(path)
    assert np.array_equal(visit.theta, theta)
    panel.get_by_text(f"Opened {path.name}.").wait_for()


@pytest.mark.essential
def test_a_model_with_other_layers_brings_its_layers(visit, opened, tmp_path):
    visit.step("epoch", 1)
    panel = visit.tab("Save & export")
    with visit.page.expect_download() as download:
        panel.get_by_role("button", name="Save model").click()
    path = tmp_path / "model.safetensors"
    download.value.save_as(path)
    other = opened("layers=3:relu")
    with other.changing():
        other.tab("Save & export").get_by_label("Model file").set_input_files(path)
    assert [layer["units"] for layer in other.state["network"]["layers"]] == [4, 2]
    assert np.array_equal(other.theta, visit.theta)


def test_a_file_that_is_no_model_is_refused_in_words(visit):
    panel = visit.tab("Save & export")
    theta = visit.theta
    panel.get_by_label("Model file").set_input_files(
        {"name": "model.safetensors", "mimeType": "application/octet-stream", "buffer": b"nonsense"}
    )
    refusal = visit.page.locator(".refusal")
    refusal.wait_for()
    assert refusal.text_content()
    assert np.array_equal(visit.theta, theta)
    assert panel.get_by_text("Opened model.safetensors.").is_hidden()


@pytest.mark.parametrize(("address", "settings"), CASES)
def test_copied_python_trains_the_same_model(opened, address, settings):
    visit = opened(address)
    visit.step("epoch", 3)
    done = {}
    exec(code(visit, "Python"), done)
    run, model = trained(settings)
    assert done["model"].loss_ == visit.frame["epoch_loss"] == run.epoch_losses[-1]
    assert np.array_equal(done["model"].predict(run.examples.X), model.predict(run.examples.X))


def test_copied_python_repeats_steps_and_edits(visit):
    visit.step("batch", 3)
    visit.page.locator('button.unit[data-key="0:0"] .bias').click()
    field = visit.page.locator(".weight-card").get_by_label("bias")
    with visit.changing():
        field.fill("0.5")
        field.press("Enter")
    visit.step("sample", 2)
    done = {}
    exec(code(visit, "Python"), done)
    assert_same(visit, done["run"])


@pytest.mark.parametrize(("address", "settings"), CASES)
def test_numpy_and_javascript_predict_as_the_page(opened, tmp_path, address, settings):
    visit = opened(address)
    visit.step("epoch", 3)
    run, model = trained(settings)
    X = run.examples.X_test[:40]
    numpy_code = {}
    exec(code(visit, "NumPy"), numpy_code)
    assert np.array_equal(np.ravel(numpy_code["predict"](X)), model.predict(X)) or np.allclose(
        np.ravel(numpy_code["predict"](X)), model.predict(X), rtol=1e-12
    )
    if shutil.which("node") is None:
        pytest.skip("needs node")
    (tmp_path / "model.mjs").write_text(code(visit, "JavaScript"))
    script = (
        f"import('./model.mjs').then(m => console.log(JSON.stringify(m.predict({json.dumps(X.tolist())}))))"
    )
    answer = subprocess.run(
        ["node", "-e", script], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert np.ravel(json.loads(answer.stdout)) == pytest.approx(model.predict(X), rel=1e-12)


def test_code_that_is_old_says_so(visit):
    panel = visit.tab("Save & export")
    panel.get_by_text("as of step 0").wait_for()
    visit.step("epoch", 1)
    again = panel.get_by_role("button", name="Bring up to date")
    again.click()
    panel.get_by_text("as of step 25").wait_for()
    visit.shoot("save-and-export")


def test_the_link_is_that_of_the_address(visit):
    visit.choose("learning-rate", "0.1")
    link = visit.tab("Save & export").get_by_label("Link to these settings")
    visit.page.wait_for_function(
        "() => document.querySelector('input.link').value.includes('learning_rate=0.1')"
    )
    assert "learning_rate=0.1" in link.input_value() == visit.page.url
    assert "token" not in link.input_value()

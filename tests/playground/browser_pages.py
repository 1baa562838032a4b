"""A browser at a running playground: what a person does at the page, and what is then to be seen.

The module skips the tests that import it where Playwright or a Chromium is missing.
"""

import base64
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from chainrule.playground.messages import unpack

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("needs a Chromium among the programs", allow_module_level=True)

DESKTOP = {"viewport": {"width": 1440, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}

LISTENING = """
(() => {
  const told = (globalThis.told = { frames: 0, last: {} });
  const Plain = globalThis.WebSocket;
  globalThis.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        const length = new DataView(data).getUint32(0, true);
        const content = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
        told.last[content.type] = { content, data };
        if (content.type === "frame") told.frames += 1;
      });
    }
  };
})();
"""
"""Keeps the engine's last message of each type, as it came."""

BASE64 = """
const base64 = (bytes) => {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
};
"""


def number(text):
    """The number that a text on the page says; "–" is NaN."""
    if text == "–":
        return np.nan
    return float(text.replace("−", "-").replace("∞", "inf").replace(",", "").removesuffix("%"))


def rounded(value, digits=3):
    """A number with as many digits as the page shows."""
    return float(f"{value:.{digits}g}")


class Playground:
    """A running `chainrule playground`: its process and the address that it printed."""

    def __init__(self, process, address):
        self.process, self.address = process, address


@contextmanager
def running_playground(*arguments):
    """`chainrule playground` with these arguments, ended at the end; it may not have complained."""
    code = "from chainrule.cli import main; raise SystemExit(main())"
    command = [sys.executable, "-c", code, "playground", "--no-browser", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield Playground(process, process.stdout.readline().split()[1])
    finally:
        process.terminate()
        _, complaints = process.communicate(timeout=20)
    assert "Traceback" not in complaints, complaints


class Visit:
    """A page that a person has open, with an engine of its own."""

    def __init__(self, page):
        self.page = page
        self.faults = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("request", lambda request: self._check_host(request.url))
        page.on("websocket", lambda socket: self._check_host(socket.url))

    def open(self, address):
        """Go to an address, and wait for the first picture."""
        self.page.add_init_script(LISTENING)
        self.home = urlsplit(address).netloc
        self.page.goto(address)
        self.wait("frame?.revision === state?.revision && document.querySelector('.main-picture')?.width > 1")
        return self

    def _hear(self, message):
        if message.type == "error":
            self.faults.append(f"console: {message.text}")

    def _check_host(self, url):
        parts = urlsplit(url)
        if parts.scheme not in ("blob", "data") and parts.netloc != self.home:
            self.faults.append(f"request to another host: {url}")

    # -- what the engine said ------------------------------------------------------------------------------

    def wait(self, condition, argument=None, timeout=30_000):
        """Until a condition in JavaScript holds of `state`, `frame` and `argument`."""
        known = "const [state, frame] = [told.last.state?.content, told.last.frame?.content];"
        script = f"(argument) => {{ {known} return Boolean({condition}); }}"
        self.page.wait_for_function(script, arg=argument, timeout=timeout)

    def told(self, kind):
        """(content, arrays) of the engine's last message of a type."""
        script = f"(kind) => {{ {BASE64} return base64(new Uint8Array(told.last[kind].data)); }}"
        return unpack(base64.b64decode(self.page.evaluate(script, kind)))

    @property
    def state(self):
        return self.page.evaluate("told.last.state.content")

    @property
    def frame(self):
        return self.page.evaluate("told.last.frame.content")

    @property
    def theta(self):
        """All parameters, to the last bit."""
        return self.told("frame")[1]["theta"]

    @contextmanager
    def changing(self):
        """What is done within makes the engine answer with a new state; its picture is waited for."""
        before = self.state["revision"]
        yield
        self.wait("state.revision > argument && frame.revision === state.revision", before)

    # -- what a person does --------------------------------------------------------------------------------

    def control(self, name):
        return self.page.locator(f'[data-control="{name}"]')

    def choose(self, name, value):
        """Take an option of a drop-down, by its value."""
        with self.changing():
            self.control(name).locator("select").select_option(str(value))

    def slide(self, name, text):
        """Walk with the arrow keys along a slider until it says `text`."""
        slider, said = self.control(name).locator("input"), self.control(name).locator("output")
        slider.focus()
        self.page.keyboard.press("Home")
        for _ in range(int(slider.get_attribute("max"))):
            if said.text_content() == text:
                break
            with self.changing():
                self.page.keyboard.press("ArrowRight")
        assert said.text_content() == text

    def type(self, name, value):
        """Type a number into a field and leave it."""
        field = self.control(name).locator("input")
        with self.changing():
            field.fill(str(value))
            field.press("Enter")

    def step(self, unit="epoch", n=1):
        """Press the step button, and wait each time for what it brings."""
        self.control("step-unit").locator("select").select_option(unit)
        for _ in range(n):
            before = self.frame
            self.control("step").click()
            reached = "frame.epoch >= Math.floor(argument.epoch + 1e-9) + 1"
            self.wait(reached if unit == "epoch" else "frame.step > argument.step", before)

    def play(self, until):
        """Press play, and pause when a condition holds."""
        self.control("play").click()
        self.wait(until)
        self.pause()

    def pause(self):
        self.control("play").click()
        self.wait("!frame.playing")

    def tab(self, title):
        """Open a panel; what it holds."""
        self.page.get_by_role("tab", name=title, exact=True).click()
        return self.page.get_by_role("tabpanel")

    def spot(self, x, y):
        """Where a point of the plane is on the screen."""
        self.page.locator("canvas.points").scroll_into_view_if_needed()
        box = self.page.locator("canvas.points").bounding_box()
        left, right, bottom, top = self.state["problem"]["extent"]
        across = box["x"] + (x - left) / (right - left) * box["width"]
        down = box["y"] + (top - y) / (top - bottom) * box["height"]
        return float(across), float(down)

    # -- what is to be seen --------------------------------------------------------------------------------

    def pixels(self, selector):
        """(height, width, 4) of a canvas."""
        script = f"""(canvas) => {{ {BASE64}
          const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return [canvas.height, canvas.width, base64(image.data)]; }}"""
        height, width, data = self.page.locator(selector).first.evaluate(script)
        return np.frombuffer(base64.b64decode(data), dtype=np.uint8).reshape(height, width, 4)

    def scores(self):
        """The four numbers beside the picture: losses and scores of training and test rows."""
        cells = self.control("scores").locator("td.figure").all_text_contents()
        return [number(cell) for cell in cells]

    def shoot(self, name, whole=True):
        """Save what is seen into the folder $CHAINRULE_SCREENSHOTS, if there is one."""
        if folder := os.environ.get("CHAINRULE_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            if whole:
                self.page.evaluate("scrollTo(0, 0)")  # what sticks to the top would else lie over the middle
            self.page.screenshot(path=Path(folder, f"{name}.png"), full_page=whole)


def assert_same(visit, run):
    """The page's weights are the run's to the last bit, its numbers the run's as far as they are shown."""
    assert np.array_equal(visit.theta, run.theta)
    train, test = run.scores(), run.scores(test=True)
    percent = bool(run.examples.rows.classes)
    shown = [f"{100 * one.score:.1f}" if percent else rounded(one.score) for one in (train, test)]
    expected = [rounded(train.loss), float(shown[0]), rounded(test.loss), float(shown[1])]
    assert visit.scores() == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.fixture(scope="module", name="chromium")
def a_browser():
    """One browser for the tests of a file."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module", name="playground")
def a_playground():
    """One server for the tests of a file."""
    with running_playground() as playground:
        yield playground


@pytest.fixture(name="opened")
def pages_to_open(chromium, playground):
    """``opened("noise=20", viewport=...)``: a page at these settings; at the end none has had a fault."""
    visits = []

    def open_page(settings="", address=None, **options):
        context = chromium.new_context(**(DESKTOP | options))
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        visits.append(Visit(context.new_page()))
        address = address or playground.address
        return visits[-1].open(f"{address}&{settings}" if settings else address)

    yield open_page
    for visit in visits:
        visit.page.context.close()
    faults = [fault for visit in visits for fault in visit.faults]
    assert not faults, faults


@pytest.fixture(name="visit")
def a_visit(opened):
    """A page as it opens at first."""
    return opened()

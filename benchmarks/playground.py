"""How fast is the playground, and does it stay so?

    python benchmarks/playground.py [--minutes M] [--output FILE]

first paint   from the start of the command until the browser shows the first picture of the network
playing       pictures and training steps per second of the network that the page begins with, 2-4-2-1
table         the same for a table of 10,000 rows and 20 columns, and the longest time without a picture
memory        the page's heap and the engine's resident memory, at the beginning and at the end of M minutes

It needs Playwright, and a Chromium among the programs. The machine should do nothing else.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

START = "from chainrule.cli import main; raise SystemExit(main())"
WARM_UP = 15_000  # milliseconds

WATCH = """
(() => {
  const seen = (globalThis.seen = { pictures: 0, longest: 0, last: null });
  const Plain = globalThis.WebSocket;
  globalThis.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        const length = new DataView(data).getUint32(0, true);
        const content = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
        if (content.type !== "frame") return;
        seen.pictures += 1;
        seen.frame = content;
      });
    }
  };
  const look = (now) => {
    if (seen.last !== null) seen.longest = Math.max(seen.longest, now - seen.last);
    seen.last = now;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""
"""Counts pictures of the engine, and the longest time in which the browser drew nothing."""


@contextmanager
def playground(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running server: its process, and the address that it printed."""
    command = [sys.executable, "-c", START, "playground", "--no-browser", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().split()[1]
    finally:
        process.terminate()
        process.wait(20)


def opened(browser: Browser, address: str) -> Page:
    """A page that shows its first picture."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(WATCH)
    page.goto(address)
    page.wait_for_function(
        "() => seen.pictures && document.querySelector('.main-picture')?.width > 1", timeout=120_000
    )
    return page


def first_paint(browser: Browser) -> dict[str, float]:
    """Seconds from the command to the first picture."""
    started = time.perf_counter()
    with playground() as (_, address):
        opened(browser, address).close()
        return {"first paint, s": time.perf_counter() - started}


def playing(page: Page, seconds: float) -> dict[str, float]:
    """Rates while it trains."""
    page.locator('[data-control="play"]').click()
    page.wait_for_function("() => seen.frame.playing && seen.frame.step > 0")
    page.wait_for_timeout(2000)
    page.evaluate("Object.assign(seen, { pictures: 0, longest: 0 })")
    first, started = page.evaluate("seen.frame.step"), time.perf_counter()
    page.wait_for_timeout(1000 * seconds)
    pictures, last, longest = page.evaluate("[seen.pictures, seen.frame.step, seen.longest]")
    passed = time.perf_counter() - started
    return {
        "pictures per second": pictures / passed,
        "steps per second": (last - first) / passed,
        "steps per second, as shown": page.evaluate("seen.frame.steps_per_second"),
        "longest time without a picture, s": longest / 1000,
    }


def large_table(folder: Path) -> Path:
    """10,000 rows of 20 columns and a target."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10_000, 20))
    y = np.tanh(X[:, :5]).sum(axis=1) + 0.1 * rng.normal(size=len(X))
    path = folder / "large.csv"
    head = ",".join([*(f"column {i}" for i in range(20)), "target"])
    np.savetxt(path, np.c_[X, y], fmt="%.5g", delimiter=",", header=head, comments="")
    return path


def memory(page: Page, process: subprocess.Popen[str]) -> dict[str, float]:
    """MB of the page's heap after a collection, and of the engine."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    resident = max(int(Path(f"/proc/{child}/statm").read_text().split()[1]) for child in children)
    return {"heap, MB": heap / 1e6, "engine, MB": resident * 4096 / 1e6}


def growth(browser: Browser, minutes: float) -> dict[str, float]:
    """Memory before and after so many minutes of training; what explains is imported before."""
    with playground() as (process, address):
        page = opened(browser, address)
        page.locator('[data-control="play"]').click()
        page.wait_for_timeout(max(WARM_UP, 6000 * minutes))
        before = memory(page, process)
        page.wait_for_timeout(60_000 * minutes)
        after = memory(page, process)
        page.close()
    return {
        f"{name} {when}": found[name]
        for when, found in (("at first", before), ("at last", after))
        for name in found
    }


def measured(browser: Browser, minutes: float) -> Iterator[tuple[str, dict[str, float]]]:
    """All parts, each as soon as it is known."""
    yield "first paint", first_paint(browser)
    with playground() as (_, address):
        page = opened(browser, address)
        yield "playing", playing(page, 5)
        page.close()
    with tempfile.TemporaryDirectory() as folder, playground(str(large_table(Path(folder)))) as (_, address):
        page = opened(browser, address)
        yield "table", playing(page, 5)
        page.close()
    yield "memory", growth(browser, minutes)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="how long memory is watched (10)")
    parser.add_argument("--output", type=Path, help="a JSON file for the figures")
    options = parser.parse_args()
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        parser.error("there is no chromium, chromium-browser or google-chrome among the programs")
    figures: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for part, found in measured(browser, options.minutes):
            figures[part] = found
            print(
                part, *(f"  {name:36} {value:12,.2f}" for name, value in found.items()), sep="\n", flush=True
            )
        browser.close()
    if options.output:
        options.output.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()

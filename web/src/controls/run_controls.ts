/** The buttons that run the training, and the clock. */

import { h } from "../dom";
import { icon, type IconName } from "../icons";
import type { Run, StepUnit } from "../run";
import type { Store } from "../store";

const UNITS: StepUnit[] = ["sample", "batch", "epoch"];

function button(name: string, sign: IconName, label: string, key: string, act: () => void): HTMLButtonElement {
  return h(
    "button",
    {
      class: `round ${name}`,
      "data-control": name,
      "aria-label": label,
      "aria-keyshortcuts": key,
      title: `${label} (${key})`,
      onclick: act,
    },
    icon(sign),
  );
}

function playButton(store: Store, run: Run): HTMLButtonElement {
  const play = button("play", "play", "Train", "Space", () => run.toggle());
  let was: boolean | null = null;
  store.on("frame", ({ playing }) => {
    if (playing === was) return;
    was = playing;
    play.replaceChildren(icon(playing ? "pause" : "play"));
    play.setAttribute("aria-label", playing ? "Pause" : "Train");
    play.title = playing ? "Pause (Space)" : "Train (Space)";
  });
  return play;
}

function clock(store: Store): HTMLElement {
  const epoch = h("strong", { class: "epoch" }, "0");
  const more = h("span", { class: "clock-more" }, "step 0");
  store.on("frame", (frame) => {
    epoch.textContent = Math.floor(frame.epoch + 1e-9).toLocaleString("en");
    const speed = frame.playing ? ` · ${Math.round(frame.steps_per_second).toLocaleString("en")} per second` : "";
    more.textContent = `step ${frame.step.toLocaleString("en")}${speed}`;
  });
  return h(
    "div",
    { class: "clock", "data-control": "epoch" },
    h("span", { class: "clock-label" }, "Epoch"),
    epoch,
    more,
  );
}

export function runControls(store: Store, run: Run): HTMLElement {
  const unit = h(
    "select",
    {
      "aria-label": "One step is",
      title: "What one step forward or back is",
      onchange: () => (run.unit = unit.value as StepUnit),
    },
    ...UNITS.map((name) => h("option", { value: name, selected: name === run.unit }, `1 ${name}`)),
  );
  return h(
    "div",
    { class: "run", role: "group", "aria-label": "Training" },
    button("reset", "reset", "Begin anew", "r", () => run.reset()),
    button("back", "back", "One step back", "←", () => run.back()),
    playButton(store, run),
    button("step", "step", "One step", "→", () => run.step()),
    h("span", { class: "step-unit", "data-control": "step-unit" }, unit),
    clock(store),
  );
}

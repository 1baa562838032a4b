/** The time line: back to any step that is remembered, and forth again. */

import { h } from "../dom";
import type { Store } from "../store";

export function timeLine(store: Store): HTMLElement {
  let farthest = 0;
  let last = 0;
  let isHeld = false;
  // a step that falls without having been asked for here is a beginning anew: there is nothing to go forth to
  let isAsked = false;
  const slider = h("input", { type: "range", min: 0, max: 0, step: 1, value: 0, "aria-label": "Step" });
  const here = h("output", {}, "0");
  slider.addEventListener("input", () => {
    isHeld = true;
    here.textContent = slider.valueAsNumber.toLocaleString("en");
  });
  slider.addEventListener("change", () => {
    isHeld = false;
    isAsked = slider.valueAsNumber < last;
    store.send("go_to", { step: slider.valueAsNumber });
  });
  store.on("frame", ({ step, first_step }) => {
    if (step < last) {
      if (!isAsked) farthest = step;
      isAsked = false;
    }
    last = step;
    farthest = Math.max(farthest, step);
    if (isHeld) return;
    slider.min = String(first_step);
    slider.max = String(Math.max(farthest, first_step));
    slider.value = String(step);
    slider.disabled = farthest === first_step;
    here.textContent = step.toLocaleString("en");
  });
  return h(
    "label",
    { class: "time", "data-control": "time", title: "Drag to go back to an earlier step" },
    h("span", {}, "Time"),
    slider,
    here,
  );
}

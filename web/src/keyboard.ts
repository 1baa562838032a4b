/** Keys that run the training, and the list of them. */

import { h } from "./dom";
import type { Run } from "./run";

const KEYS = [
  ["Space", "train, pause"],
  ["→", "one step"],
  ["←", "one step back"],
  ["r", "begin anew"],
  ["Tab, Enter", "to every control, neuron and weight"],
  ["↑ ↓", "change a weight by 0.1"],
  ["Esc", "close a card or a list"],
  ["?", "this list"],
] as const;

/** A list of the keys, opened with `showModal`. */
export function keyList(): HTMLDialogElement {
  const rows = KEYS.flatMap(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)]);
  const dialog = h(
    "dialog",
    { class: "sheet", "aria-label": "Keys" },
    h("h2", {}, "Keys"),
    h("dl", { class: "keys" }, ...rows),
    h("button", { class: "main", onclick: () => dialog.close() }, "Close"),
  );
  return dialog;
}

/** Elements that want these keys for themselves; a button that was clicked does not keep the space bar. */
function isTaken(event: KeyboardEvent, wasClicked: boolean): boolean {
  const target = event.target as Element;
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("dialog[open]")) return true;
  if (target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]")) return true;
  if (event.key !== " ") return target.closest("[role=tab]") !== null;
  return !wasClicked && target.closest("button, summary, a, input") !== null;
}

/** Listen in `root`; the returned function ends it. */
export function listenToKeys(root: HTMLElement, run: Run, keys: HTMLDialogElement): () => void {
  const acts: Record<string, () => void> = {
    " ": () => run.toggle(),
    ArrowRight: () => run.step(),
    ArrowLeft: () => run.back(),
    r: () => run.reset(),
    "?": () => keys.showModal(),
  };
  let wasClicked = false;
  const point = (): void => void (wasClicked = true);
  const press = (event: KeyboardEvent): void => {
    if (event.key === "Tab") wasClicked = false;
    const act = acts[event.key];
    if (!act || isTaken(event, wasClicked)) return;
    event.preventDefault();
    // else the button under the focus is pressed too, when the key is released
    if (event.key === " ") (document.activeElement as HTMLElement | null)?.blur();
    act();
  };
  root.addEventListener("pointerdown", point);
  root.addEventListener("keydown", press);
  return () => {
    root.removeEventListener("pointerdown", point);
    root.removeEventListener("keydown", press);
  };
}

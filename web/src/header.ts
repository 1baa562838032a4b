/** The bar at the top: what runs the training, time, and small helpers at the right. */

import { runControls } from "./controls/run_controls";
import { timeLine } from "./controls/time";
import { h } from "./dom";
import { icon } from "./icons";
import type { Run } from "./run";
import type { Store } from "./store";
import type { Tabs } from "./tabs";
import type { Theme } from "./theme";

const FINDINGS = "doctor";

/** The number of findings; opens the panel that explains them. */
function badge(store: Store, tabs: Tabs): HTMLElement {
  const open = (): void => {
    tabs.show(FINDINGS);
    tabs.el.scrollIntoView({ block: "nearest" });
  };
  const el = h("button", { class: "badge", "data-control": "findings", hidden: true, onclick: open });
  let known = "";
  store.on("frame", ({ findings }) => {
    const severe = findings.some((finding) => finding.severity === "severe");
    const key = `${findings.length}${severe}`;
    if (key === known) return;
    known = key;
    el.hidden = findings.length === 0;
    el.classList.toggle("severe", severe);
    el.textContent = `${findings.length} ${findings.length === 1 ? "finding" : "findings"}`;
    el.title = findings.map((finding) => finding.name).join(", ");
  });
  return el;
}

export function header(store: Store, run: Run, tabs: Tabs, theme: Theme, keys: HTMLDialogElement): HTMLElement {
  const tool = (sign: "sun" | "keys", label: string, name: string, act: () => void): HTMLElement =>
    h("button", { class: "tool", "aria-label": label, title: label, "data-control": name, onclick: act }, icon(sign));
  return h(
    "header",
    { class: "head" },
    h("h1", {}, "chainrule"),
    runControls(store, run),
    timeLine(store),
    h(
      "div",
      { class: "tools" },
      badge(store, tabs),
      tool("sun", "Light or dark", "theme", () => theme.choose(theme.isDark ? "light" : "dark")),
      tool("keys", "Keys (?)", "keys", () => keys.showModal()),
    ),
  );
}

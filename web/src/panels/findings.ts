/** Doctor: what is wrong with the training, why it matters, what helps. */

import { h } from "../dom";
import type { Store } from "../store";
import type { Answer, Finding, Frame } from "../types";
import { calm } from "./calm";
import { panelOf } from "./while_shown";

const SEVERITY = { severe: "▲ severe", notable: "● notable" };

export const findings = panelOf("doctor", "Doctor", (el, store) => {
  const trouble = h("div", { role: "alert" });
  const live = h("div", {});
  const report = h("div", { role: "status" });
  const button = h(
    "button",
    { type: "button", onclick: () => void examine(store, report, button) },
    "Examine thoroughly",
  );
  el.append(
    h(
      "p",
      { class: "lead" },
      "The doctor watches while the network trains, and says what it notices, why it matters and what helps.",
    ),
    trouble,
    live,
    h(
      "section",
      { class: "examination" },
      h("h3", {}, "Full examination"),
      h(
        "p",
        { class: "hint" },
        "Looks at the data, the weights, every unit and the whole course of the training. It takes a moment.",
      ),
      button,
      report,
    ),
  );
  return () => {
    let shown = "";
    const show = (frame: Frame): void => {
      const now = JSON.stringify([frame.trouble, frame.findings, frame.step > 0]);
      if (now === shown) return;
      shown = now;
      trouble.replaceChildren(...(frame.trouble ? [h("p", { class: "trouble" }, frame.trouble)] : []));
      live.replaceChildren(...watched(frame));
    };
    return store.on("frame", calm(show));
  };
});

function watched(frame: Frame): HTMLElement[] {
  if (frame.findings.length) return [list(frame.findings)];
  if (frame.trouble) return [];
  if (frame.step === 0)
    return [
      h("p", { class: "verdict" }, "Nothing has been trained yet: play or step, then there is something to watch."),
    ];
  return [
    h(
      "p",
      { class: "verdict is-good" },
      "✓ All well so far: the numbers are finite, and the watch over losses, units and gradients has found nothing.",
    ),
  ];
}

async function examine(store: Store, report: HTMLElement, button: HTMLButtonElement): Promise<void> {
  button.disabled = true;
  report.replaceChildren(h("p", { class: "hint" }, "Examining …"));
  const step = store.frame?.step ?? 0;
  try {
    report.replaceChildren(...examined(await store.ask("doctor"), step));
  } catch (error) {
    report.replaceChildren(h("p", { class: "trouble" }, (error as Error).message));
  }
  button.disabled = false;
}

function examined(answer: Answer, step: number): HTMLElement[] {
  const found = answer.findings ?? [];
  const healthy = answer.healthy ?? [];
  const verdict = found.length
    ? `${found.length === 1 ? "One thing" : `${found.length} things`} to look at`
    : "✓ Healthy";
  return [
    h(
      "p",
      { class: found.length ? "verdict" : "verdict is-good" },
      `${verdict}, at step ${step.toLocaleString("en")}.`,
    ),
    ...(found.length ? [list(found)] : []),
    ...(healthy.length
      ? [
          h("h4", {}, "What was healthy: examinations that found nothing"),
          h("ul", { class: "healthy" }, ...healthy.map((text) => h("li", {}, `✓ ${text}`))),
        ]
      : []),
  ];
}

function list(all: Finding[]): HTMLElement {
  const sorted = all.toSorted((a, b) => Number(b.severity === "severe") - Number(a.severity === "severe"));
  return h("ul", { class: "findings" }, ...sorted.map(card));
}

function card(finding: Finding): HTMLElement {
  return h(
    "li",
    { class: `finding is-${finding.severity}` },
    h(
      "p",
      { class: "finding-head" },
      h("strong", {}, finding.name),
      h("span", { class: "severity" }, SEVERITY[finding.severity]),
      finding.where && h("span", { class: "hint" }, finding.where),
    ),
    h("p", {}, finding.what),
    h("p", { class: "cure" }, h("strong", {}, "What helps: "), finding.cure),
  );
}

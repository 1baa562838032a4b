/** The way of a row through the network and back: forward along the top, backward along the bottom. */

import { h } from "../dom";
import type { Section } from "../types";
import { formula } from "./document_view";

interface Stop {
  column: number;
  row: string;
  label: string;
  tex: string;
}

export interface Walk {
  element: HTMLElement;
  /** Draw the way anew: its stops, and where one stands; null: everywhere. */
  update(sections: Section[], active: number | null): void;
}

/** `go` hears of the stop that is wanted. */
export function walk(go: (stop: number) => void): Walk {
  const list = h("ol", { class: "walk" });
  const element = h("nav", { class: "walk-scroll", "aria-label": "Stages of one step" }, list);
  let shape = "";
  element.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const buttons = Array.from(list.querySelectorAll("button"));
    const place = buttons.indexOf(document.activeElement as HTMLButtonElement);
    if (!by || place < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = Math.min(Math.max(place + by, 0), buttons.length - 1);
    go(next);
    buttons[next]!.focus();
  });
  const update = (sections: Section[], active: number | null): void => {
    const newShape = sections.map((section) => section.title).join("\n");
    if (newShape !== shape) list.replaceChildren(...items(sections, go));
    shape = newShape;
    list.querySelectorAll("button").forEach((button, i) => {
      if (i === active) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
  };
  return { element, update };
}

function items(sections: Section[], go: (stop: number) => void): HTMLElement[] {
  const layers = 1 + Math.max(-1, ...sections.map((section) => section.layer ?? -1));
  return sections.map((section, i) => {
    const stop = stopOf(section, layers);
    const item = h(
      "li",
      { class: `walk-${section.stage || "other"}` },
      h(
        "button",
        { type: "button", title: section.title, onclick: () => go(i) },
        h("span", { class: "walk-label" }, stop.label),
        formula(stop.tex),
      ),
    );
    item.style.gridColumn = String(stop.column);
    item.style.gridRow = stop.row;
    return item;
  });
}

/** Columns are the input, the layers, the loss; the way back runs below the way there. */
function stopOf(section: Section, layers: number): Stop {
  const layer = section.layer ?? 0;
  const name = layer === layers - 1 ? "output" : `layer ${layer + 1}`;
  switch (section.stage) {
    case "inputs":
      return { column: 1, row: "1", label: "input", tex: "z^{(0)} = x" };
    case "forward":
      return { column: layer + 2, row: "1", label: `${name} ▸`, tex: `a^{(${layer + 1})},\\, z^{(${layer + 1})}` };
    case "loss":
      return { column: layers + 2, row: "1 / span 2", label: "loss", tex: "\\mathcal L" };
    case "backward":
      return { column: layer + 2, row: "2", label: `◂ ${name}`, tex: `\\delta^{(${layer + 1})}` };
    case "update":
      return { column: 1, row: "2", label: "update", tex: "\\Delta W,\\, \\Delta b" };
    default:
      return { column: layers + 3, row: "auto", label: section.title, tex: "" };
  }
}

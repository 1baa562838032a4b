/** Links for classes: a dialog that hides controls by name, and the style sheet that does it. */

import { h } from "./dom";
import { titled } from "./titled";

/** Names that would hide the way back, or the page. */
const ALWAYS = ["play", "network", "grid-network", "output", "data"];

export class Hiding {
  readonly names: Set<string>;
  private sheet = new CSSStyleSheet();

  constructor(
    names: string[],
    private changed: () => void,
  ) {
    this.names = new Set(names);
    document.adoptedStyleSheets.push(this.sheet);
    this.apply();
  }

  /** The button at the page's foot and its dialog. */
  button(root: HTMLElement): HTMLElement {
    const dialog = h("dialog", { class: "sheet", "aria-label": "Hide controls" });
    const open = (): void => {
      dialog.replaceChildren(...this.content(root, dialog));
      dialog.showModal();
    };
    return h("span", {}, h("button", { class: "plain", onclick: open }, "Hide controls…"), dialog);
  }

  private apply(): void {
    const selectors = [...this.names].map((name) => `.chainrule [data-control="${CSS.escape(name)}"]`);
    this.sheet.replaceSync(selectors.length ? `${selectors.join(",")}{display:none!important}` : "");
  }

  private content(root: HTMLElement, dialog: HTMLDialogElement): HTMLElement[] {
    const blocks = [...root.querySelectorAll<HTMLElement>("[data-control]")].map((one) => one.dataset.control!);
    const names = [...new Set([...blocks, ...this.names])].filter((name) => !ALWAYS.includes(name)).sort();
    const box = (name: string): HTMLElement => {
      const input = h("input", {
        type: "checkbox",
        checked: !this.names.has(name),
        onchange: () => {
          if (input.checked) this.names.delete(name);
          else this.names.add(name);
          this.apply();
          this.changed();
        },
      });
      return h("label", { class: "tick" }, input, h("span", {}, titled(name.replaceAll("-", " "))));
    };
    const copied = h("span", { role: "status" });
    const copy = async (): Promise<void> => {
      await navigator.clipboard.writeText(location.href);
      copied.textContent = "Copied.";
    };
    return [
      h("h2", {}, "Hide controls"),
      h(
        "p",
        {},
        "For a class: take the ticks from what should not be seen, then copy the address. ",
        "It holds the settings too, but neither tables nor drawn points.",
      ),
      h("div", { class: "hide-list" }, ...names.map(box)),
      h(
        "div",
        { class: "ways" },
        h("button", { class: "main", onclick: () => void copy() }, "Copy the link"),
        h("button", { onclick: () => dialog.close() }, "Close"),
        copied,
      ),
    ];
  }
}

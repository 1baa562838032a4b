/** Save & export: the model as a file, the network as code, the settings as a link. */

import { h } from "../dom";
import type { Store } from "../store";
import type { State } from "../types";
import { copyButton, download } from "./download";
import { panelOf, together, type Stop } from "./while_shown";

const CODES = [
  { name: "python", label: "Python", text: "trains the same network with chainrule" },
  { name: "numpy", label: "NumPy", text: "predicts with the weights as they are, without chainrule" },
  { name: "javascript", label: "JavaScript", text: "predicts with the weights as they are, in any page" },
] as const;

export const files = { ...panelOf("files", "Save & export", fill), forGrids: true };

function fill(el: HTMLElement, store: Store): () => Stop {
  const model = modelSection(store);
  const code = codeSection(store);
  const link = linkSection();
  el.append(h("div", { class: "panel-columns" }, h("div", {}, model.element, link.element), code.element));
  return () => {
    void code.ask();
    return together(
      store.on("frame", code.age),
      store.on("state", link.update),
      store.on("state", () => model.answered("")),
      store.on("state", model.offer),
      store.on("state", code.offer),
      store.on("refused", model.answered),
    );
  };
}

interface ModelSection {
  element: HTMLElement;
  /** hears of what the engine says to a file: "" or why not */
  answered: (refusal: string) => void;
  /** a model of dense layers alone can be opened */
  offer: (state: State) => void;
}

function modelSection(store: Store): ModelSection {
  let opening = "";
  const said = h("p", { role: "status", class: "hint" });
  const save = async (): Promise<void> => {
    try {
      const answer = await store.ask("model_file");
      download(
        answer.file_name ?? "model.safetensors",
        answer.buffers!.bytes! as Uint8Array<ArrayBuffer>,
        "application/octet-stream",
      );
      said.textContent = `Saved as ${answer.file_name ?? "model.safetensors"}.`;
    } catch (error) {
      said.textContent = (error as Error).message;
    }
  };
  const input = h("input", {
    type: "file",
    accept: ".safetensors",
    class: "unseen",
    tabindex: "-1",
    "aria-label": "Model file",
    onchange: () => void open(),
  });
  const open = async (): Promise<void> => {
    const file = input.files?.[0];
    if (!file) return;
    store.send("open_model", { name: file.name }, await file.arrayBuffer());
    said.textContent = `Opening ${file.name} …`;
    opening = file.name;
    input.value = "";
  };
  const answered = (refusal: string): void => {
    if (opening) said.textContent = refusal || `Opened ${opening}.`;
    opening = "";
  };
  const other = h("button", { type: "button", onclick: () => input.click() }, "Open model …");
  const offer = ({ problem }: State): void => void (other.hidden = problem.grid !== null);
  const element = h(
    "section",
    {},
    h("h3", {}, "Model file"),
    h(
      "p",
      { class: "hint" },
      "Weights and everything needed to predict, in one file that chainrule opens in Python and on the command line. It holds numbers and names, no code.",
    ),
    h(
      "div",
      { class: "toolbar" },
      h("button", { type: "button", onclick: () => void save() }, "Save model"),
      other,
      input,
    ),
    said,
  );
  return { element, answered, offer };
}

interface CodeSection {
  element: HTMLElement;
  ask: () => Promise<void>;
  /** hears that time goes on */
  age: () => void;
  /** the weights alone are written as code for dense layers only */
  offer: (state: State) => void;
}

function codeSection(store: Store): CodeSection {
  let chosen: string = CODES[0].name;
  let fileName = "";
  let step = -1;
  const text = h("pre", { class: "code", tabindex: "0", "aria-label": "Code" });
  const moment = h("span", { class: "hint" });
  const again = h("button", { type: "button", hidden: true, onclick: () => void ask() }, "Bring up to date");
  const ask = async (): Promise<void> => {
    step = store.frame?.step ?? 0;
    try {
      const answer = await store.ask(chosen);
      text.textContent = answer.text ?? "";
      fileName = answer.file_name ?? `network.${chosen === "javascript" ? "js" : "py"}`;
      moment.textContent = `as of step ${step.toLocaleString("en")}`;
    } catch (error) {
      text.textContent = (error as Error).message;
    }
    again.hidden = true;
  };
  const age = (): void => {
    if (store.frame && store.frame.step !== step) again.hidden = false;
  };
  const choices = CODES.map((code) =>
    h(
      "label",
      { class: "tick" },
      h("input", {
        type: "radio",
        name: "code",
        value: code.name,
        checked: code.name === chosen,
        onchange: () => ((chosen = code.name), void ask()),
      }),
      h("span", {}, code.label, h("span", { class: "hint" }, ` ${code.text}`)),
    ),
  );
  const offer = ({ problem }: State): void => {
    const isGrid = problem.grid !== null;
    choices.forEach((choice, i) => (choice.hidden = isGrid && i > 0));
    if (isGrid && chosen !== CODES[0].name) choices[0]!.click();
  };
  const element = h(
    "section",
    { class: "export-code" },
    h("h3", {}, "As code"),
    h("fieldset", { class: "choices" }, h("legend", { class: "unseen" }, "Language"), ...choices),
    text,
    h(
      "div",
      { class: "toolbar" },
      copyButton("Copy", () => text.textContent, text),
      h("button", { type: "button", onclick: () => download(fileName, text.textContent, "text/plain") }, "Download"),
      again,
      moment,
    ),
  );
  return { element, ask, age, offer };
}

function linkSection(): { element: HTMLElement; update: () => void } {
  const address = h("input", { type: "text", class: "link", readonly: true, "aria-label": "Link to these settings" });
  // the page writes the address after it has heard of the state
  const update = (): void => void setTimeout(() => (address.value = location.href), 400);
  const element = h(
    "section",
    {},
    h("h3", {}, "Link"),
    h(
      "p",
      { class: "hint" },
      "The address holds all settings and seeds, so whoever opens it sees the same run from the start. Weights, drawn points and your own tables are not in it.",
    ),
    h(
      "div",
      { class: "toolbar" },
      address,
      copyButton("Copy link", () => (address.value = location.href), address),
    ),
  );
  return { element, update };
}

/** Controls that show what the state says and send what is chosen. */

import { h } from "../dom";
import type { State } from "../types";

export interface Control {
  el: HTMLElement;
  show(state: State): void;
}

export interface Named {
  name: string;
  label: string;
  text?: string;
}

interface Common<T> {
  value: (state: State) => T;
  send: (value: T) => void;
  isShown?: (state: State) => boolean;
  /** what it does, for the pointer that rests on it */
  help?: string;
}

/** A drop-down. `name` is what the block can be hidden by. */
export function choice(
  name: string,
  label: string,
  options: Common<string> & { choices: (state: State) => Named[] },
): Control {
  const list = h("select", { onchange: () => options.send(list.value) });
  const el = h("label", { class: "field", "data-control": name, title: options.help }, h("span", {}, label), list);
  let known = "";
  return {
    el,
    show(state) {
      const value = options.value(state);
      const choices = [...options.choices(state)];
      if (!choices.some((one) => one.name === value)) choices.push({ name: value, label: value });
      const key = choices.map((one) => one.name).join("|");
      if (key !== known) {
        list.replaceChildren(...choices.map((one) => h("option", { value: one.name, title: one.text }, one.label)));
        known = key;
      }
      list.value = value;
      el.hidden = options.isShown?.(state) === false;
    },
  };
}

/** A number that is typed; sent with Enter or when the field is left. */
export function number(
  name: string,
  label: string,
  options: Common<number> & { low: number; high: number; step: number | "any" },
): Control {
  const input = h("input", {
    type: "number",
    min: options.low,
    max: options.high,
    step: options.step,
    onchange: () => input.reportValidity() && input.value !== "" && options.send(input.valueAsNumber),
  });
  const el = h("label", { class: "field", "data-control": name, title: options.help }, h("span", {}, label), input);
  return {
    el,
    show(state) {
      input.value = String(options.value(state));
      el.hidden = options.isShown?.(state) === false;
    },
  };
}

/** A slider over given values; shows its value while it moves, sends it when it rests. */
export function slider(
  name: string,
  label: string,
  options: Common<number> & { values: (state: State) => number[]; text: (value: number) => string },
): Control {
  let values: number[] = [];
  const input = h("input", { type: "range", min: 0, step: 1, "aria-label": label }); // else the label is the output's
  const output = h("output", {});
  const write = (): void => {
    output.textContent = options.text(values[input.valueAsNumber] ?? 0);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", write);
  input.addEventListener("change", () => options.send(values[input.valueAsNumber]!));
  const el = h(
    "label",
    { class: "slider", "data-control": name, title: options.help },
    h("span", {}, label),
    output,
    input,
  );
  return {
    el,
    show(state) {
      const value = options.value(state);
      values = [...new Set([...options.values(state), value])].sort((a, b) => a - b);
      input.max = String(values.length - 1);
      input.value = String(values.indexOf(value));
      write();
      el.hidden = options.isShown?.(state) === false;
    },
  };
}

/** A box to tick. */
export function tick(name: string, label: string, isOn: boolean, send: (isOn: boolean) => void): HTMLLabelElement {
  const input = h("input", { type: "checkbox", checked: isOn, onchange: () => send(input.checked) });
  return h("label", { class: "tick", "data-control": name }, input, h("span", {}, label));
}

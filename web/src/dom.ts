/** Elements without a framework. Text is text: nothing is ever parsed as HTML. */

type Attributes = Record<string, unknown>;
type Child = Node | string | null | undefined | false;

function fill<T extends Element>(element: T, attributes: Attributes, children: Child[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

/** h("button", {class: "play", onclick: start}, "Play") */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** A drop-down with a label of its own. */
export function select(
  label: string,
  choices: { name: string; label: string }[],
  value: string,
  change: (name: string) => void,
  attributes: Attributes = {},
): HTMLLabelElement {
  const list = h(
    "select",
    { ...attributes, onchange: (event: Event) => change((event.target as HTMLSelectElement).value) },
    ...choices.map((c) => h("option", { value: c.name, selected: c.name === value }, c.label)),
  );
  return h("label", { class: "field" }, h("span", {}, label), list);
}

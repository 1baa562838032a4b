/** What the engine has to say: notices, refusals, and trouble with a way out. */

import { h } from "./dom";
import { icon } from "./icons";
import type { Store } from "./store";
import type { Frame } from "./types";

const REFUSAL_STAYS_MS = 20_000;

/** One line that can be put away. */
function line(className: string, role: string): { el: HTMLElement; say: (text: string) => void } {
  const text = h("span", {});
  const away = (): void => void (el.hidden = true);
  const el = h(
    "div",
    { class: `message ${className}`, hidden: true },
    h("div", { role, "aria-live": role === "alert" ? "assertive" : "polite" }, text),
    h("button", { class: "small", "aria-label": "Dismiss", onclick: away }, icon("close")),
  );
  return {
    el,
    say(words) {
      text.textContent = words;
      el.hidden = words === "";
    },
  };
}

/** The nearest lower learning rate of the catalog. */
function lowerRate(store: Store): number | null {
  const rate = store.state!.settings.learning_rate;
  return store.catalog!.learning_rates.filter((one) => one < rate).at(-1) ?? null;
}

function trouble(store: Store): HTMLElement {
  const text = h("p", {});
  const lower = h("button", { onclick: () => calmDown() }, "");
  const calmDown = (): void => {
    store.send("back", { unit: "epoch", n: 1 });
    const rate = lowerRate(store);
    if (rate !== null) store.set({ learning_rate: rate });
  };
  const el = h(
    "div",
    { class: "message trouble", role: "alert", hidden: true },
    text,
    h(
      "div",
      { class: "ways" },
      lower,
      h("button", { onclick: () => store.send("back", { unit: "epoch", n: 1 }) }, "Go back one epoch"),
      h("button", { onclick: () => store.send("reset") }, "Begin anew"),
    ),
  );
  store.on("frame", (frame: Frame) => {
    const words = frame.trouble ?? "";
    if (words === text.textContent && el.hidden === (words === "")) return;
    text.textContent = words;
    el.hidden = words === "";
    const rate = lowerRate(store);
    lower.hidden = rate === null;
    lower.textContent = `Go back and lower the rate to ${rate}`;
  });
  return el;
}

export function messages(store: Store): HTMLElement {
  const notice = line("notice", "status");
  const refusal = line("refusal", "alert");
  let said = "";
  let timer = 0;
  store.on("state", ({ notices }) => {
    const words = notices.join(" ");
    if (words !== said) notice.say(words);
    said = words;
  });
  store.on("refused", (words) => {
    refusal.say(words);
    clearTimeout(timer);
    timer = window.setTimeout(() => refusal.say(""), REFUSAL_STAYS_MS);
  });
  return h("div", { class: "messages" }, trouble(store), refusal.el, notice.el);
}

/** For those who listen: where the training is, from time to time, and what the pictures show. */

import { h } from "./dom";
import { calm } from "./panels/calm";
import { figure, percent } from "./panels/figures";
import type { Store } from "./store";
import { unitName } from "./theta";
import type { Frame } from "./types";

const EVERY_MS = 5_000;

function summary(store: Store, frame: Frame): string {
  const score = store.state?.problem.classes
    ? `accuracy ${percent(frame.test.score)}`
    : `R² ${figure(frame.test.score, 3)}`;
  const losses = `training loss ${figure(frame.train.loss, 3)}, test loss ${figure(frame.test.loss, 3)}`;
  return `Epoch ${Math.floor(frame.epoch)}: ${losses}, test ${score}.`;
}

/** A live region; `describe` gets a text for the main picture at the same low rate. */
export function announcer(store: Store, describe: (text: string) => void): HTMLElement {
  const el = h("div", { class: "unseen", role: "status", "aria-live": "polite" });
  const say = (frame: Frame): void => {
    const { state, view } = store;
    if (!state) return;
    const text = summary(store, frame);
    if (text !== el.textContent) el.textContent = text;
    const what = view.main ? unitName(state.network, state.problem.classes, ...view.main) : "the network's output";
    describe(`Picture of ${what} over ${state.problem.axes.join(" and ")}, with the data's points. ${text}`);
  };
  store.on("frame", calm(say, EVERY_MS));
  return el;
}

/** Panels that cost nothing while hidden. */

import type { Store } from "../store";
import type { Panel } from "./panel";

export type Stop = () => void;

/**
 * A panel of one function: `fill` builds what is seen once per page and returns what begins the work.
 *
 * The work begins when the panel is shown and is stopped when it is hidden, so a panel listens only while somebody looks.
 */
export function panelOf(name: string, title: string, fill: (el: HTMLElement, store: Store) => () => Stop): Panel {
  const begin = new WeakMap<Store, () => Stop>();
  const running = new WeakMap<Store, Stop>();
  const stop = (store: Store): void => {
    running.get(store)?.();
    running.delete(store);
  };
  return {
    name,
    title,
    mount(el, store) {
      begin.set(store, fill(el, store));
      return () => {
        stop(store);
        begin.delete(store);
      };
    },
    shown(isShown, store) {
      stop(store);
      const start = begin.get(store);
      if (isShown && start) running.set(store, start());
    },
  };
}

/** Several ends as one. */
export function together(...stops: Stop[]): Stop {
  return () => stops.forEach((stop) => stop());
}

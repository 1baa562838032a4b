/** The square of the main picture: from the data's numbers to pixels and back. */

import type { State } from "../types";

export interface Plane {
  width: number;
  height: number;
  x(value: number): number;
  y(value: number): number;
  /** data's numbers at a pixel */
  at(left: number, top: number): { x: number; y: number };
}

export function planeOf(state: State, width: number, height: number): Plane {
  const [low, high, bottom, top] = state.problem.extent;
  return {
    width,
    height,
    x: (value) => ((value - low) / (high - low)) * width,
    y: (value) => ((top - value) / (top - bottom)) * height,
    at: (left, down) => ({ x: low + (left / width) * (high - low), y: top - (down / height) * (top - bottom) }),
  };
}

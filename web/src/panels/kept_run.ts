/** A run as it stands at a moment: settings, curve, picture, scores. */

import { classTable, divergingTable } from "../colors";
import { paint } from "../pictures";
import type { Store } from "../store";
import type { Scores, Settings } from "../types";

export interface KeptRun {
  name: string;
  title: string;
  scoreName: string;
  settings: Settings;
  step: number;
  epoch: number;
  train: Scores;
  test: Scores;
  /** (k, 5): epoch, train loss, test loss, train score, test score */
  curve: Float32Array;
  picture: Picture;
}

export interface Picture {
  main: Uint8Array;
  /** the probability of the class in `main`, for more than two classes */
  sure: Uint8Array | null;
  side: number;
  nClasses: number;
}

/** A copy of what the engine has sent last; null before it has. */
export function runNow({ state, frame }: Store, name: string): KeptRun | null {
  if (!state || !frame) return null;
  const { main, sure, curve } = frame.buffers;
  if (!main) return null;
  return {
    name,
    title: state.problem.title,
    scoreName: state.problem.classes ? "accuracy" : "R²",
    settings: structuredClone(state.settings),
    step: frame.step,
    epoch: frame.epoch,
    train: { ...frame.train },
    test: { ...frame.test },
    curve: curve.slice(),
    picture: {
      main: main.slice(),
      sure: sure?.slice() ?? null,
      side: frame.shapes.main?.[0] ?? 0,
      nClasses: state.problem.classes?.length ?? 0,
    },
  };
}

export function paintPicture(
  canvas: HTMLCanvasElement,
  { main, sure, side, nClasses }: Picture,
  isDark: boolean,
): void {
  if (!side) return;
  if (sure) {
    const tables = Array.from({ length: nClasses }, (_, k) => classTable(k, isDark));
    paint(canvas, side, (i) => tables[main[i]!]?.[sure[i]!] ?? 0);
  } else {
    const table = divergingTable(isDark);
    paint(canvas, side, (i) => table[main[i]!]!);
  }
}

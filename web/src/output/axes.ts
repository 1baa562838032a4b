/** Ticks and names beside the main picture. */

import { s } from "../dom";
import { figure } from "../panels/figures";
import { ticks } from "../panels/scale";
import type { State } from "../types";
import type { Plane } from "./plane";

/** Room around the picture, in pixels; the style sheet has the same numbers. */
export const LEFT = 44;
export const BELOW = 36;
export const ABOVE = 6;

const LONGEST = 9;

const shortened = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/** Places and texts of the ticks: levels of a category, or round numbers. */
function marks(state: State, axis: 0 | 1): [number, string][] {
  const { axes, columns, extent } = state.problem;
  const levels = columns.find((column) => column.name === axes[axis])?.levels;
  if (levels) return levels.map((level, i) => [i, shortened(level)]);
  return ticks(extent[2 * axis]!, extent[2 * axis + 1]!, 6).map((value) => [value, figure(value, 5)]);
}

export function drawAxes(svg: SVGSVGElement, state: State, plane: Plane): void {
  const { axes } = state.problem;
  const [right, bottom] = [LEFT + plane.width, ABOVE + plane.height];
  svg.setAttribute("viewBox", `0 0 ${right + 8} ${bottom + BELOW}`);
  const below = marks(state, 0).map(([value, text]) => {
    const x = LEFT + plane.x(value);
    return s(
      "g",
      {},
      s("line", { x1: x, x2: x, y1: bottom, y2: bottom + 4 }),
      s("text", { x, y: bottom + 15, "text-anchor": "middle" }, text),
    );
  });
  const beside = marks(state, 1).map(([value, text]) => {
    const y = ABOVE + plane.y(value);
    return s(
      "g",
      {},
      s("line", { x1: LEFT - 4, x2: LEFT, y1: y, y2: y }),
      s("text", { x: LEFT - 7, y: y + 3.5, "text-anchor": "end" }, text),
    );
  });
  svg.replaceChildren(
    s("rect", { x: LEFT, y: ABOVE, width: plane.width, height: plane.height }),
    ...below,
    ...beside,
    s("text", { x: LEFT + plane.width / 2, y: bottom + 31, "text-anchor": "middle", class: "axis-name" }, axes[0]),
    s(
      "text",
      {
        transform: `translate(10 ${ABOVE + plane.height / 2}) rotate(-90)`,
        "text-anchor": "middle",
        class: "axis-name",
      },
      axes[1],
    ),
  );
}

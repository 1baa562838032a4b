/** Small sketches of the data sets; they only remind, the points come from the engine. */

import { s } from "../dom";

type Dot = [x: number, y: number, kind: number];

const SIDE = 40;

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function ring(radius: number, n: number, kind: number): Dot[] {
  return range(n).map((i) => {
    const angle = (2 * Math.PI * (i + 0.3 * kind)) / n;
    return [20 + radius * Math.cos(angle), 20 + radius * Math.sin(angle), kind];
  });
}

function cloud(x: number, y: number, kind: number): Dot[] {
  return [...ring(2.2, 4, kind), ...ring(5.2, 8, kind)].map(([dx, dy]) => [dx - 20 + x, dy - 20 + y, kind]);
}

function arm(turn: number, kind: number, bend: number, n: number): Dot[] {
  return range(n).map((i) => {
    const along = (i + 1) / n;
    const angle = turn + bend * along;
    return [20 + 16 * along * Math.sin(angle), 20 - 16 * along * Math.cos(angle), kind];
  });
}

function half(x: number, y: number, sign: number, kind: number): Dot[] {
  return range(10).map((i) => {
    const angle = (Math.PI * i) / 9;
    return [x + 10 * Math.cos(angle), y - sign * 10 * Math.sin(angle), kind];
  });
}

/** A lattice of dots, each with the kind that `kindOf(x, y)` says. */
function lattice(kindOf: (x: number, y: number) => number): Dot[] {
  return range(49).map((i) => {
    const [x, y] = [5 + 5 * (i % 7), 5 + 5 * Math.floor(i / 7)];
    return [x, y, kindOf(x, y)];
  });
}

const isNear = (x: number, y: number, [a, b]: [number, number]): boolean => Math.hypot(x - a, y - b) < 7;

const SKETCHES: Record<string, () => Dot[]> = {
  circle: () => [...ring(2, 3, 1), ...ring(6, 8, 1), ...ring(13, 18, 0), ...ring(16, 20, 0)],
  xor: () => lattice((x, y) => (x === 20 || y === 20 ? -1 : x < 20 === y > 20 ? 1 : 0)),
  gauss: () => [...cloud(11, 29, 0), ...cloud(29, 11, 1)],
  spiral: () => [...arm(0, 0, 9, 22), ...arm(Math.PI, 1, 9, 22)],
  moons: () => [...half(15, 22, 1, 0), ...half(25, 18, -1, 1)],
  three_gauss: () => [...cloud(20, 9, 2), ...cloud(10, 29, 3), ...cloud(30, 29, 4)],
  rings: () => [...ring(2, 4, 2), ...ring(7, 10, 3), ...ring(12, 16, 4), ...ring(17, 22, 5)],
  pinwheel: () => range(5).flatMap((k) => arm((2 * Math.PI * k) / 5, 2 + k, 1.6, 8)),
  plane: () => lattice((x, y) => (x + 40 - y < 34 ? 0 : x + 40 - y > 46 ? 1 : 7)),
  multi_gauss: () =>
    lattice((x, y) => {
      if (isNear(x, y, [9, 11]) || isNear(x, y, [31, 11]) || isNear(x, y, [20, 30])) return 1;
      return isNear(x, y, [20, 11]) || isNear(x, y, [9, 30]) || isNear(x, y, [31, 30]) ? 0 : 7;
    }),
  wave: () => lattice((x) => (x < 12 || (x > 18 && x < 27) ? 0 : 1)),
  ripple: () => lattice((x, y) => [1, 7, 0, 7, 7][Math.floor(Math.hypot(x - 20, y - 20) / 5)] ?? 7),
};

/** A sketch of the named data set; empty for a name without one. */
export function thumbnail(name: string): SVGSVGElement {
  const dots = (SKETCHES[name]?.() ?? []).filter(([, , kind]) => kind >= 0);
  return s(
    "svg",
    { viewBox: `0 0 ${SIDE} ${SIDE}`, class: "sketch", "aria-hidden": "true" },
    ...dots.map(([x, y, kind]) => s("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 1.5, class: `kind-${kind}` })),
  );
}

/** Lines along which a grid of values is 0, by marching squares. */

export type Segment = [x1: number, y1: number, x2: number, y2: number];

/**
 * The pieces of the zero line of `values` (side × side, rows from high y to low y).
 *
 * Places go from 0 to 1, y upward; a value belongs to the middle of its cell.
 */
export function zeroLine(values: Float32Array, side: number, start = 0): Segment[] {
  const segments: Segment[] = [];
  const at = (row: number, column: number): number => values[start + row * side + column]!;
  for (let row = 0; row + 1 < side; row++) {
    for (let column = 0; column + 1 < side; column++) {
      const corners = [at(row, column), at(row, column + 1), at(row + 1, column + 1), at(row + 1, column)];
      for (const [from, to] of pairs(corners)) {
        segments.push([...place(row, column, corners, from, side), ...place(row, column, corners, to, side)]);
      }
    }
  }
  return segments;
}

/** Corners run clockwise from the upper left; edge i lies between corner i and the next. */
const CORNERS = [
  [0, 0],
  [0, 1],
  [1, 1],
  [1, 0],
] as const;

/** Which edges of a square the line enters and leaves by. */
function pairs(corners: number[]): [number, number][] {
  const crossed = [0, 1, 2, 3].filter((i) => corners[i]! > 0 !== corners[(i + 1) % 4]! > 0);
  if (crossed.length === 2) return [[crossed[0]!, crossed[1]!]];
  if (crossed.length < 4) return [];
  // opposite corners agree: the middle says which of them hang together
  const middle = corners.reduce((sum, value) => sum + value, 0);
  return middle > 0 === corners[0]! > 0
    ? [
        [0, 1],
        [2, 3],
      ]
    : [
        [3, 0],
        [1, 2],
      ];
}

function place(row: number, column: number, corners: number[], edge: number, side: number): [number, number] {
  const [first, second] = [corners[edge]!, corners[(edge + 1) % 4]!];
  const share = first / (first - second);
  const [r1, c1] = CORNERS[edge]!;
  const [r2, c2] = CORNERS[(edge + 1) % 4]!;
  const [r, c] = [row + r1 + share * (r2 - r1), column + c1 + share * (c2 - c1)];
  return [(c + 0.5) / side, 1 - (r + 0.5) / side];
}

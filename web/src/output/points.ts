/** The rows as points on the main picture: circles teach, diamonds test. */

import { classColor, valueColor } from "../colors";
import { sharpContext } from "../pictures";
import type { State } from "../types";
import type { Plane } from "./plane";

/** A point as it is drawn: its place among the points, and where it is. */
export interface Seen {
  i: number;
  x: number;
  y: number;
}

export interface Shown {
  showTest: boolean;
  /** the row that is chosen; null: none */
  row: number | null;
  /** points that are just being erased, and one that is just being moved */
  erased: ReadonlySet<number>;
  moved: Seen | null;
}

/** Color of a point by its class, or by its target between the smallest and the largest. */
export function targetColor(state: State, target: number, isDark: boolean): string {
  const { classes, target_low: low, target_high: high } = state.problem;
  if (classes) return classColor(target, classes.length, isDark);
  return valueColor((2 * (target - low)) / (high - low || 1) - 1, isDark);
}

export function seenPoints(state: State, plane: Plane, shown: Shown): Seen[] {
  const { points, is_test } = state.buffers;
  const seen: Seen[] = [];
  for (let i = 0; i < is_test.length; i++) {
    if ((is_test[i] && !shown.showTest) || shown.erased.has(i)) continue;
    if (shown.moved?.i === i) seen.push(shown.moved);
    else seen.push({ i, x: plane.x(points[2 * i]!), y: plane.y(points[2 * i + 1]!) });
  }
  return seen;
}

export function nearest(points: Seen[], x: number, y: number, within: number): Seen | null {
  let best: Seen | null = null;
  let least = within;
  for (const point of points) {
    const distance = Math.hypot(point.x - x, point.y - y);
    if (distance < least) [least, best] = [distance, point];
  }
  return best;
}

export function drawPoints(canvas: HTMLCanvasElement, state: State, plane: Plane, shown: Shown, isDark: boolean): void {
  const context = sharpContext(canvas, plane.width, plane.height);
  const { targets, is_test, rows } = state.buffers;
  const points = seenPoints(state, plane, shown);
  const radius = points.length > 1500 ? 2 : points.length > 600 ? 2.6 : 3.2;
  context.lineWidth = 1;
  for (const { i, x, y } of points) {
    context.fillStyle = targetColor(state, targets[i]!, isDark);
    context.strokeStyle = is_test[i] ? (isDark ? "#e7eaed" : "#181d22") : isDark ? "#121518" : "#ffffff";
    outline(context, x, y, radius, is_test[i] === 1);
    context.fill();
    context.stroke();
  }
  const chosen = points.find(({ i }) => rows[i] === shown.row);
  if (chosen) ring(context, chosen, radius, isDark);
}

function outline(context: CanvasRenderingContext2D, x: number, y: number, radius: number, isDiamond: boolean): void {
  context.beginPath();
  if (!isDiamond) {
    context.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  const half = radius * 1.35;
  context.moveTo(x, y - half);
  context.lineTo(x + half, y);
  context.lineTo(x, y + half);
  context.lineTo(x - half, y);
  context.closePath();
}

function ring(context: CanvasRenderingContext2D, { x, y }: Seen, radius: number, isDark: boolean): void {
  context.beginPath();
  context.arc(x, y, radius + 5, 0, 2 * Math.PI);
  context.lineWidth = 4;
  context.strokeStyle = isDark ? "#121518" : "#ffffff";
  context.stroke();
  context.lineWidth = 2;
  context.strokeStyle = isDark ? "#ffffff" : "#181d22";
  context.stroke();
}

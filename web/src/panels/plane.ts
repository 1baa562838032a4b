/** Points on a canvas with axes. */

import { targetColor } from "../output/points";
import { sharpContext } from "../pictures";
import type { State } from "../types";
import { figure } from "./figures";
import { linear, ticks, type Scale } from "./scale";

export type Extent = [xLow: number, xHigh: number, yLow: number, yHigh: number];

export interface Plane {
  context: CanvasRenderingContext2D;
  x: Scale;
  y: Scale;
  ink: string;
  muted: string;
}

const MARGIN = { left: 42, right: 10, top: 10, bottom: 34 };
const RADIUS = 3;
const DIAMOND = [
  [0, -4],
  [4, 0],
  [0, 4],
  [-4, 0],
] as const;

/** An empty plane with ticks and the axes' names; what is drawn on it next stays inside. */
export function plane(canvas: HTMLCanvasElement, extent: Extent, names: [string, string]): Plane {
  const width = canvas.clientWidth || 360;
  const height = width;
  const context = sharpContext(canvas, width, height);
  const style = getComputedStyle(canvas);
  const [ink, muted, line] = ["--ink", "--muted", "--line"].map((name) => style.getPropertyValue(name)) as [
    string,
    string,
    string,
  ];
  const x = linear(extent[0], extent[1], MARGIN.left, width - MARGIN.right);
  const y = linear(extent[2], extent[3], height - MARGIN.bottom, MARGIN.top);
  context.font = `11px ${style.fontFamily}`;
  drawTicks(context, extent, x, y, muted, line);
  context.fillStyle = ink;
  context.textAlign = "center";
  context.fillText(names[0], (MARGIN.left + width - MARGIN.right) / 2, height - 5);
  context.save();
  context.translate(11, (MARGIN.top + height - MARGIN.bottom) / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(names[1], 0, 0);
  context.restore();
  context.beginPath();
  context.rect(MARGIN.left, MARGIN.top, width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom);
  context.strokeStyle = line;
  context.stroke();
  context.clip();
  return { context, x, y, ink, muted };
}

function drawTicks(
  context: CanvasRenderingContext2D,
  extent: Extent,
  x: Scale,
  y: Scale,
  muted: string,
  line: string,
): void {
  context.fillStyle = muted;
  context.strokeStyle = line;
  context.beginPath();
  context.textAlign = "center";
  for (const tick of ticks(extent[0], extent[1], 5)) {
    context.moveTo(x(tick), y(extent[2]));
    context.lineTo(x(tick), y(extent[2]) + 4);
    context.fillText(figure(tick, 3), x(tick), y(extent[2]) + 15);
  }
  context.textAlign = "right";
  for (const tick of ticks(extent[2], extent[3], 5)) {
    context.moveTo(x(extent[0]), y(tick));
    context.lineTo(x(extent[0]) - 4, y(tick));
    context.fillText(figure(tick, 3), x(extent[0]) - 7, y(tick) + 4);
  }
  context.stroke();
}

/** The points of a state in the colors of their targets, at places (n, 2): circles teach, diamonds test. */
export function drawPoints(
  { context, x, y, muted }: Plane,
  state: State,
  places: Float32Array,
  showTest: boolean,
  isDark: boolean,
): void {
  const { targets, is_test: isTest } = state.buffers;
  context.strokeStyle = muted;
  context.lineWidth = 0.5;
  for (let i = 0; i < targets.length; i++) {
    if (isTest[i] && !showTest) continue;
    const [left, top] = [x(places[2 * i]!), y(places[2 * i + 1]!)];
    context.beginPath();
    if (isTest[i]) for (const [dx, dy] of DIAMOND) context.lineTo(left + dx, top + dy);
    else context.arc(left, top, RADIUS, 0, 2 * Math.PI);
    context.closePath();
    context.fillStyle = targetColor(state, targets[i]!, isDark);
    context.fill();
    context.stroke();
  }
  context.lineWidth = 1;
}

/** What finite points (n, 2) span, with a little room. */
export function extentOf(...clouds: Float32Array[]): Extent {
  const extent: Extent = [Infinity, -Infinity, Infinity, -Infinity];
  for (const cloud of clouds)
    for (let i = 0; i < cloud.length; i++) {
      const axis = 2 * (i % 2);
      const value = cloud[i]!;
      if (!Number.isFinite(value)) continue;
      extent[axis] = Math.min(extent[axis]!, value);
      extent[axis + 1] = Math.max(extent[axis + 1]!, value);
    }
  return roomy(extent);
}

function roomy([xLow, xHigh, yLow, yHigh]: Extent): Extent {
  if (!Number.isFinite(xLow) || !Number.isFinite(yLow)) return [-1, 1, -1, 1];
  const [dx, dy] = [0.06 * (xHigh - xLow) || 0.5, 0.06 * (yHigh - yLow) || 0.5];
  return [xLow - dx, xHigh + dx, yLow - dy, yHigh + dy];
}

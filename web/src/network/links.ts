/** The lines of the network: as thick as their weights are large, colored by sign. */

import { sharpContext } from "../pictures";
import type { Block } from "../theta";

export interface Link {
  layer: number;
  to: number;
  from: number;
}

/** Where a layer's lines begin and end; NaN where an end is out of sight. */
export interface Gap {
  from: [number, number][];
  to: [number, number][];
}

const THINNEST = 0.5;
const PER_WEIGHT = 1.8;
const THICKEST = 10;
const DASH = [7, 3];
/** With more lines than these, dashes cost more than they show, and so do more pictures of them. */
const MANY = 500;
const REST_MS = 250;

const thickness = (weight: number): number => Math.min(THINNEST + PER_WEIGHT * Math.abs(weight), THICKEST);

/** How far across the gap a curve is when it has gone the share `x` of the way to the right: solves 1.5t − 1.5t² + t³ = x. */
function risen(x: number): number {
  let t = x;
  for (let i = 0; i < 5; i++) t -= (1.5 * t - 1.5 * t * t + t * t * t - x) / (1.5 - 3 * t + 3 * t * t);
  return t * t * (3 - 2 * t);
}

export class Links {
  readonly canvas: HTMLCanvasElement;
  private gaps: Gap[] = [];
  private blocks: Block[] = [];
  private size: [number, number] = [0, 0];
  private drawn = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
  }

  place(blocks: Block[], gaps: Gap[], width: number, height: number): void {
    this.blocks = blocks;
    this.gaps = gaps;
    this.size = [width, height];
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
  }

  /** Whether a frame of the training should draw them: many lines are drawn a few times a second. */
  get isDue(): boolean {
    return !this.areMany || performance.now() - this.drawn > REST_MS;
  }

  private get areMany(): boolean {
    return this.blocks.reduce((sum, block) => sum + block.from * block.to, 0) > MANY;
  }

  /** Draw all; `lit` says which lines stand out, `drift` moves the dashes, null draws without. */
  draw(theta: Float64Array, colors: [string, string], drift: number | null, lit: (link: Link) => boolean): void {
    const context = sharpContext(this.canvas, ...this.size);
    this.drawn = performance.now();
    const isDashed = drift !== null && !this.areMany;
    context.setLineDash(isDashed ? DASH : []);
    context.lineDashOffset = isDashed ? -drift : 0;
    this.each((link, weight) => {
      const strength = Math.min(0.25 + 0.5 * Math.abs(theta[weight]!), 0.95);
      context.globalAlpha = lit(link) ? strength : 0.18 * strength;
      context.lineWidth = thickness(theta[weight]!);
      context.strokeStyle = colors[theta[weight]! < 0 ? 0 : 1];
      this.stroke(context, link);
    });
  }

  /** The line at a point of the canvas, the nearest if several. */
  at(x: number, y: number): Link | null {
    let best: Link | null = null;
    let nearest = 6;
    this.gaps.forEach((gap, layer) => {
      const [left, right] = [gap.from[0]?.[0] ?? 0, gap.to[0]?.[0] ?? 0];
      const share = (x - left) / (right - left);
      if (!(share > 0 && share < 1)) return;
      const rise = risen(share);
      gap.to.forEach(([, end], to) =>
        gap.from.forEach(([, begin], from) => {
          const distance = Math.abs(begin + (end - begin) * rise - y);
          if (distance < nearest) [nearest, best] = [distance, { layer, to, from }];
        }),
      );
    });
    return best;
  }

  private each(visit: (link: Link, weight: number) => void): void {
    this.blocks.forEach((block, layer) => {
      for (let to = 0; to < block.to; to++)
        for (let from = 0; from < block.from; from++)
          visit({ layer, to, from }, block.weights + to * block.from + from);
    });
  }

  private stroke(context: CanvasRenderingContext2D, { layer, to, from }: Link): void {
    const gap = this.gaps[layer];
    const [begin, end] = [gap?.from[from], gap?.to[to]];
    if (!begin || !end || Number.isNaN(begin[1])) return;
    const middle = (begin[0] + end[0]) / 2;
    context.beginPath();
    context.moveTo(...begin);
    context.bezierCurveTo(middle, begin[1], middle, end[1], ...end);
    context.stroke();
  }
}

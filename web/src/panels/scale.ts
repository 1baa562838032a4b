/** Places on an axis. */

/** From numbers to places. */
export type Scale = (value: number) => number;

export function linear(low: number, high: number, from: number, to: number): Scale {
  const width = high - low || 1;
  return (value) => from + ((value - low) / width) * (to - from);
}

export function logarithmic(low: number, high: number, from: number, to: number): Scale {
  const place = linear(Math.log(low), Math.log(high), from, to);
  return (value) => place(Math.log(value));
}

/** Round numbers from low to high, about `count` of them. */
export function ticks(low: number, high: number, count = 5): number[] {
  const step = roundStep((high - low) / count);
  if (!(step > 0)) return [low];
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** 1, 10, 100, …; with 2 and 5 between where these alone would be few. */
export function logarithmicTicks(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const digits = last - first > 3 ? [1] : [1, 2, 5];
  const all = Array.from({ length: last - first + 1 }, (_, i) =>
    digits.map((digit) => digit * 10 ** (first + i)),
  ).flat();
  return all.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
}

function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find((round) => round * power >= step * 0.999) ?? 10;
  return factor * power;
}

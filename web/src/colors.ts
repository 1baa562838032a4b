/** The colors of values and of classes, for pictures as tables of 256 pixels. */

type Rgb = [number, number, number];

type Stops = Record<"light" | "dark", Rgb[]>;

/** From −1 to 1: orange, neutral, blue. Told apart by all common kinds of color vision. */
const PICTURE: Stops = {
  light: [
    [226, 132, 48],
    [243, 186, 128],
    [247, 247, 244],
    [154, 196, 230],
    [70, 140, 200],
  ],
  dark: [
    [190, 108, 40],
    [118, 72, 34],
    [32, 36, 41],
    [34, 78, 118],
    [52, 120, 184],
  ],
};

/** The same for what lies on pictures, stronger: so a point is seen on its own color. */
const MARK: Stops = {
  light: [
    [176, 76, 4],
    [226, 138, 58],
    [222, 222, 216],
    [98, 156, 206],
    [14, 80, 146],
  ],
  dark: [
    [255, 178, 104],
    [222, 150, 88],
    [190, 190, 186],
    [130, 184, 228],
    [132, 196, 255],
  ],
};

/** After Okabe and Ito, without black; more than eight classes begin anew, paler. */
const CLASSES: Rgb[] = [
  [230, 142, 0],
  [0, 104, 170],
  [0, 150, 110],
  [204, 108, 160],
  [96, 180, 228],
  [196, 78, 0],
  [222, 206, 44],
  [128, 128, 128],
  [140, 90, 40],
  [110, 90, 190],
];

const NEUTRAL: Record<"light" | "dark", Rgb> = { light: [250, 250, 248], dark: [30, 34, 38] };

const LEVELS = 256;

function mixed(a: Rgb, b: Rgb, share: number): Rgb {
  return [0, 1, 2].map((i) => Math.round(a[i]! + (b[i]! - a[i]!) * share)) as Rgb;
}

function between(all: Stops, share: number, isDark: boolean): Rgb {
  const stops = all[isDark ? "dark" : "light"];
  const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const first = Math.min(Math.floor(place), stops.length - 2);
  return mixed(stops[first]!, stops[first + 1]!, place - first);
}

const pixel = ([r, g, b]: Rgb): number => (255 << 24) | (b << 16) | (g << 8) | r;
const css = ([r, g, b]: Rgb): string => `rgb(${r} ${g} ${b})`;

/** Pixels of the values 0…255 that stand for −1…1; in `steps` flat steps if any. */
export function divergingTable(isDark: boolean, steps = 0): Uint32Array {
  return Uint32Array.from({ length: LEVELS }, (_, i) => {
    const share = i / (LEVELS - 1);
    const step = Math.min(Math.floor(share * steps), steps - 1);
    return pixel(between(PICTURE, steps ? (step + 0.5) / steps : share, isDark));
  });
}

/** Pixels of class `k` by how sure the network is, 0…255 for 0…1; flat if only the decision is asked for. */
export function classTable(k: number, isDark: boolean, isFlat = false): Uint32Array {
  const neutral = NEUTRAL[isDark ? "dark" : "light"];
  return Uint32Array.from({ length: LEVELS }, (_, i) =>
    pixel(mixed(neutral, CLASSES[k % CLASSES.length]!, isFlat ? 0.6 : 0.05 + 0.65 * (i / (LEVELS - 1)))),
  );
}

/** Color of a value from −1 to 1 in a picture. */
export function pictureColor(value: number, isDark: boolean): string {
  return css(between(PICTURE, (value + 1) / 2, isDark));
}

/** Color of a value from −1 to 1 of a point or a line. */
export function valueColor(value: number, isDark: boolean): string {
  return css(between(MARK, (value + 1) / 2, isDark));
}

/** Color of class `k` of `n`: two classes have the two ends of the diverging colors. */
export function classColor(k: number, n: number, isDark: boolean): string {
  if (n <= 2) return valueColor(k === 0 ? -1 : 1, isDark);
  return css(CLASSES[k % CLASSES.length]!);
}

/** The messages between page and engine: see ../README.md. */

export interface Layer {
  units: number;
  activation: string;
  dropout: number;
}

export interface DataSettings {
  /** a name from the catalog, "drawn" or "table" */
  kind: string;
  /** 0 to 50, percent */
  noise: number;
  seed: number;
  /** percent of the points that are learned from, 10 to 90 */
  share: number;
  /** of a sequence, 2 to 24 */
  steps: number;
}

export interface Settings {
  data: DataSettings;
  features: string[];
  layers: Layer[];
  loss: string;
  solver: string;
  momentum: number;
  learning_rate: number;
  schedule: string;
  planned_epochs: number;
  penalty: "none" | "l1" | "l2";
  penalty_rate: number;
  batch_size: number;
  initializer: string;
  seed: number;
  /** of the convolution that reads pictures */
  filters: number;
  /** what reads sequences: "rnn" or "lstm", and its units */
  cell: string;
  cell_units: number;
}

export interface Choice {
  name: string;
  label: string;
  /** formula or a sentence */
  text?: string;
}

export interface ActivationChoice extends Choice {
  /** value and slope at `Catalog.activation_grid` */
  values: number[];
  slopes: number[];
}

export interface DataChoice extends Choice {
  task: Task;
  /** "toy": two-dimensional, made; "table": a table that comes with the library */
  kind: "toy" | "table" | "pictures" | "sequences";
}

export type Task = "classification" | "regression";

export interface Catalog {
  version: string;
  /** the settings before anything is chosen: the address names what differs from them */
  defaults: Settings;
  data_sets: DataChoice[];
  features: Choice[];
  activations: ActivationChoice[];
  activation_grid: number[];
  solvers: Choice[];
  schedules: Choice[];
  initializers: Choice[];
  losses: (Choice & { task: Task })[];
  cells: Choice[];
  learning_rates: number[];
  penalty_rates: number[];
  limits: Record<
    "units" | "layers" | "classes" | "points" | "table_bytes" | "filters" | "cell_units" | "steps",
    number
  >;
}

export interface Column {
  name: string;
  /** what the sliders go over; levels instead for categories */
  low: number;
  high: number;
  middle: number;
  levels: string[] | null;
  used: boolean;
}

export interface Problem {
  task: Task;
  /** name of the data, such as "Circle" or "housing.csv" */
  title: string;
  target: string;
  /** labels in the order of the outputs; null for numbers */
  classes: string[] | null;
  /** what is predicted spans this, for the colours of a regression */
  target_low: number;
  target_high: number;
  n_train: number;
  n_test: number;
  /** columns before features are made of them: x1 and x2, or a table's; those that can be a target too */
  columns: Column[];
  /** names of the columns on the two axes, and where the others are held */
  axes: [string, string];
  held: Record<string, number | string>;
  /** what the picture spans: x low, x high, y low, y high */
  extent: [number, number, number, number];
  /** can points be drawn? */
  is_drawable: boolean;
  /** (height, width, channels) of pictures, (steps, features) of sequences; null where rows have no grid */
  grid: number[] | null;
}

export interface NetworkState {
  /** names of the network's inputs, such as "x1²" or "colour = red" */
  inputs: string[];
  layers: Layer[];
  n_outputs: number;
  n_parameters: number;
  output_activation: string;
}

export interface State {
  type: "state";
  /** grows with every change; a frame says which state it is of */
  revision: number;
  settings: Settings;
  problem: Problem;
  network: NetworkState;
  notices: string[];
  buffers: {
    /** float32 (n, 2): the points drawn, on the axes; NaN where a table has no value: there is no place for it */
    points: Float32Array;
    /** float32 (n): class number or target */
    targets: Float32Array;
    /** uint8 (n): 1 for test points */
    is_test: Uint8Array;
    /** int32 (n): number of the row, as `trace` takes it */
    rows: Int32Array;
    /** float32 (k, places): pictures or sequences to look at; and int32 (k): their rows */
    specimens?: Float32Array;
    specimen_rows?: Int32Array;
  };
}

export interface Scores {
  /** mean loss without penalties */
  loss: number | null;
  /** accuracy, or R² */
  score: number | null;
}

export interface Finding {
  /** short name, such as "dead units" */
  name: string;
  severity: "severe" | "notable";
  /** what is the case, and why it matters */
  what: string;
  /** what to do */
  cure: string;
  /** layers, columns or epochs */
  where: string;
}

export interface Histogram {
  low: number;
  high: number;
  counts: number[];
  /** share of the values that are exactly 0 */
  zeros: number;
}

export interface LayerHistograms {
  /** of the layer's outputs (of the last layer's raw ones) and of dL/dW, one entry per dense layer */
  activations: Histogram;
  gradients: Histogram;
}

export interface View {
  /** columns on the axes, and values of the others */
  axes?: [string, string];
  held?: Record<string, number | string>;
  /** the neuron whose picture is the main one; null: the output. Layer -1: an input. For softmax, the output layer's units too */
  main?: [number, number] | null;
  /** side of the neurons' pictures and of the main picture, in cells */
  unit_size?: number;
  main_size?: number;
  /** what else a frame should hold */
  histograms?: boolean;
  /** number of a hidden layer, from 0; null: none */
  hidden_space?: number | null;
  /** number of a hidden layer whose units' lines are wanted; null: none */
  lines?: number | null;
  /** the picture or the sequence that is looked at; null: the first that is offered */
  row?: number | null;
}

/** What a network that reads pictures or sequences makes of one row, float32 all. */
export interface Inside {
  x: Float32Array;
  /** one per class, or the one number; and the number of the class, or the target */
  answers: Float32Array;
  target: Float32Array;
  /** of the convolution (filters, 9), or of the recurrence (gates × units, features) */
  W: Float32Array;
  b: Float32Array;
  /** convolution (filters, height, width): W ∗ x + b, its ReLU, the largest of 2 × 2; dL/dW of the row */
  sums?: Float32Array;
  maps?: Float32Array;
  pooled?: Float32Array;
  dW?: Float32Array;
  /** recurrence: (gates × units, units); h, dL/dh (units, steps), dL/d(U h + …) (gates × units, steps) */
  U?: Float32Array;
  h?: Float32Array;
  dh?: Float32Array;
  da?: Float32Array;
  /** LSTM: i, f, g, o (4 units, steps), and the memory (units, steps) */
  gates?: Float32Array;
  c?: Float32Array;
  /** GRU: r, z, n are its gates (3 units, steps); q (units, steps), and the bias of q */
  q?: Float32Array;
  b_q?: Float32Array;
}

export interface Frame {
  type: "frame";
  revision: number;
  /** updates done; epochs done, with the part of this one */
  step: number;
  epoch: number;
  playing: boolean;
  steps_per_second: number;
  /** earliest step that one can go back to */
  first_step: number;
  /** of the next step, as the schedule has it */
  learning_rate: number;
  train: Scores;
  test: Scores;
  /** loss of the last full epoch with penalties, as the library's loss_curve_ has it */
  epoch_loss: number | null;
  /** numbers are finite; else `trouble` explains */
  is_finite: boolean;
  trouble: string | null;
  findings: Finding[];
  /** confusion[true][predicted], of train and of test points */
  confusion: { train: number[][]; test: number[][] } | null;
  histograms: LayerHistograms[] | null;
  hidden_space: { layer: number; names: [string, string] } | null;
  /** the row that `Inside` is of */
  row?: number;
  buffers: Partial<Inside> & {
    /** float64: layer by layer W[to][from], then b */
    theta: Float64Array;
    /** what follows is of points and tables only; uint8 (units, s, s), rows from high y to low y: inputs, then hidden layers' units, then outputs; 0…255 is -1…1 */
    units?: Uint8Array;
    /** uint8 (S, S): main picture, 0…255 is -1…1; for softmax the class with the highest probability */
    main?: Uint8Array;
    /** uint8 (S, S), softmax only: its probability, 0…255 is 0…1 */
    sure?: Uint8Array;
    /** float32 (k, 5): epoch, train loss, test loss, train score, test score; NaN where there is none */
    curve: Float32Array;
    /** float32 (n, 2) of the points of `state`; and of the lines of a grid (m, 2), NaN between two lines */
    hidden_points?: Float32Array;
    hidden_grid?: Float32Array;
    /** float32 (units, s, s): weighted sums a of a layer; its units' lines are where they are 0 */
    lines?: Float32Array;
  };
  /** shapes of the buffers, by name */
  shapes: Record<string, number[]>;
}

/** A cell or a line of a page; `tex` where it is a formula. */
export interface Text {
  text: string;
  tex?: string;
}

export type Part =
  | { kind: "text"; text: string }
  | { kind: "formula"; text: string; tex: string }
  | { kind: "grid"; caption: Text | null; columns: Text[]; rows: Text[][]; is_bold_first: boolean };

export interface Section {
  title: string;
  /** "forward", "loss", "backward", "update", "inputs" or "" */
  stage: string;
  /** number of the layer it is about, from 0; null: none */
  layer: number | null;
  parts: Part[];
}

export interface DocumentData {
  title: string;
  sections: Section[];
}

export interface GradientRow {
  name: string;
  lecture: string;
  shape: string;
  checked: string;
  difference: number | null;
  ok: boolean;
}

export interface Answer {
  type: "answer";
  id: number;
  what: string;
  error?: string;
  /** trace, neuron */
  document?: DocumentData;
  /** gradient_check */
  rows?: GradientRow[];
  ok?: boolean;
  summary?: string;
  /** python, numpy, javascript */
  text?: string;
  /** what the text or the file should be called */
  file_name?: string;
  /** doctor, with the examinations that found nothing */
  findings?: Finding[];
  healthy?: string[];
  buffers?: { bytes?: Uint8Array };
}

export interface Hello {
  type: "hello";
  catalog: Catalog;
}

export interface Refused {
  type: "refused";
  message: string;
}

export type FromEngine = Hello | State | Frame | Answer | Refused;

/** Tour: recurrence. */

import type { State } from "../../types";
import { percent } from "../figures";
import { hasTrained, type SetUp, type Tour } from "./tour";

const SHORT: SetUp = {
  settings: { data: { kind: "first_symbol", steps: 8 }, cell: "rnn", learning_rate: 0.1 },
};
const LONG: SetUp = {
  settings: { data: { kind: "first_symbol", steps: 24 }, cell: "rnn", learning_rate: 0.1 },
};

const isFirstSymbol = ({ settings }: State): boolean => settings.data.kind === "first_symbol";

export const recurrence: Tour = {
  name: "recurrence",
  title: "Recurrence",
  text: "A network with a memory, unrolled in time, and why it forgets.",
  steps: [
    {
      text: "A sequence is read step by step. The first value is −1 or 1, and that is the answer; all that follow say nothing. At every step the same weights make a new state $h_t$ of the input and of the state before. The last state gives the answer.",
      formula: "h_t = \\tanh(W x_t + U h_{t-1} + b)",
      control: "grid-network",
      setUp: SHORT,
    },
    {
      text: "Each column is one step. Point at a cell of $h$: its equation stands below, with the numbers of this sequence.",
      control: "grid-network",
    },
    {
      text: "Backward it goes the other way: the loss reaches the last state, and from there each state gets its share from the next one, every time through $U$ and the slope of the tanh. Point at a cell of $\\partial\\mathcal L/\\partial h$.",
      formula:
        "\\frac{\\partial \\mathcal L}{\\partial h_{t-1}} = U^\\top \\left( \\frac{\\partial \\mathcal L}{\\partial h_t} \\odot \\tanh'(a_t) \\right)",
      control: "grid-network",
    },
    {
      text: "Eight steps can be learned. Watch how $h$ takes one of two patterns, by the first value, and keeps it.",
      control: "play",
      until: hasTrained(20),
    },
    {
      text: "Now 24 steps. Before training $U$ is orthogonal, which keeps lengths: a good part of $\\partial\\mathcal L/\\partial h$ reaches the first step. Train, and the states go to the ends of the tanh, where its slope is nearly 0. The color fades on the way back, the numbers below tell how far: the gradient vanishes, and with it what could teach the first step. The accuracy stays at one half.",
      control: "steps",
      setUp: LONG,
      until: hasTrained(10),
    },
    {
      text: "The LSTM carries a memory $c$ beside $h$. From step to step it is multiplied by the forget gate $f$ alone; so training can open that way, with $f$ near 1, and the gradient reaches the first step.",
      formula: "c_t = f \\odot c_{t-1} + i \\odot g, \\qquad h_t = o \\odot \\tanh(c_t)",
      control: "cell",
      until: {
        text: "Choose the LSTM as the cell, train for 10 epochs, and compare dL/dh of the first steps.",
        isMet: ({ state, frame }) => state.settings.cell === "lstm" && frame.epoch >= 10,
      },
    },
  ],
  task: {
    text: "Remember the first symbol over 24 steps.",
    control: "grid-network",
    setUp: LONG,
    goals: ({ state, frame }) => [
      { text: "first symbol, 24 steps", isMet: isFirstSymbol(state) && state.settings.data.steps === 24 },
      {
        text: `test accuracy at least 95 % (now ${percent(frame.test.score)})`,
        isMet: (frame.test.score ?? 0) >= 0.95,
      },
    ],
    hints: [
      "The LSTM keeps gradients alive over many steps.",
      "Adam takes small gradients seriously: choose it as the solver, with a learning rate of 0.01.",
      "Sticks all the same? Another seed is another beginning; even an LSTM can fail.",
    ],
    lesson:
      "What no gradient reaches is not learned. Whether it arrives depends on the cell, the solver and the beginning. A memory that is gated and added to, in place of one that is multiplied and squeezed at every step, makes it far likelier: that is what made long sequences learnable.",
  },
};

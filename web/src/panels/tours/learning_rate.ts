/** Tour: a learning rate that is too high. */

import type { Settings } from "../../types";
import { figure } from "../figures";
import { type SetUp, type Tour } from "./tour";

const ROWS = 250;

/** The plane is half of 500 points; all of them in one batch make the steps those of the formula. */
function bowl(rate: number, isPlaying: boolean): SetUp {
  return {
    settings: { data: { kind: "plane" }, layers: [], loss: "squared_error", batch_size: ROWS, learning_rate: rate },
    isPlaying,
  };
}

const isPlain = (settings: Settings): boolean =>
  settings.solver === "sgd" &&
  settings.schedule === "constant" &&
  settings.batch_size >= ROWS &&
  settings.layers.length === 0;

export const learningRate: Tour = {
  name: "learning-rate",
  title: "Learning rate too high",
  text: "Why training explodes, and where exactly.",
  steps: [
    {
      text: "The simplest loss there is: a linear neuron with the squared error, all points in one batch. Over its weights the loss is a bowl, and gradient descent walks down.",
      formula: "w^{\\text{new}} = w^{\\text{old}} - \\eta\\, \\frac{\\partial \\mathcal L}{\\partial w^{\\text{old}}}",
      control: "network",
      setUp: bowl(0.001, false),
    },
    {
      text: "A learning rate of 0.001 goes down surely, and very slowly. One epoch is one update here.",
      control: "loss-chart",
      setUp: bowl(0.001, true),
      until: { text: "Wait for 100 epochs.", isMet: ({ frame }) => frame.epoch >= 100 },
    },
    {
      text: "With 0.03 each step goes thirty times as far. The bottom is near soon.",
      control: "loss-chart",
      setUp: bowl(0.03, true),
      until: {
        text: "Wait until the training loss is below 0.01.",
        isMet: ({ frame }) => frame.train.loss !== null && frame.train.loss < 0.01,
      },
    },
    {
      text: "More is not always better. With 0.3 each step overshoots the bottom and lands higher on the other side, where the slope is steeper still.",
      control: "loss-chart",
      setUp: bowl(0.3, true),
      until: {
        text: "Wait until the training loss is above 100.",
        isMet: ({ frame }) => !frame.is_finite || frame.trouble !== null || (frame.train.loss ?? 0) > 100,
      },
    },
    {
      text: "Why: along a direction in which the bowl has curvature $c$, a step multiplies the distance from the bottom by $1 - \\eta c$. It shrinks only if this is between −1 and 1. So the steepest direction sets the limit, and the flattest one decides how long it takes.",
      formula: "w^{\\text{new}} - w^* = (1 - \\eta c)\\,(w^{\\text{old}} - w^*), \\qquad \\eta < \\frac{2}{c}",
      control: "learning-rate",
    },
    {
      text: "Deep networks have many curvatures, and they change on the way. That is why schedules lower the rate towards the end, and solvers such as Adam give every weight a step of its own.",
      control: "solver",
    },
  ],
  task: {
    text: "Find the largest learning rate of the list that still leads to the bottom of this bowl, and show it: a training loss below 0.001 within 40 updates from the beginning.",
    control: "learning-rate",
    setUp: bowl(0.001, false),
    goals: ({ state, frame }) => [
      {
        text: "plane data, no hidden layer, plain SGD at a constant rate, all points in one batch",
        isMet: state.settings.data.kind === "plane" && isPlain(state.settings),
      },
      { text: `at most 40 updates (now ${frame.step})`, isMet: frame.step <= 40 },
      {
        text: `training loss below 0.001 (now ${figure(frame.train.loss, 3)})`,
        isMet: frame.train.loss !== null && frame.train.loss < 0.001,
      },
    ],
    hints: [
      "After each change of the rate, begin anew (r), then take steps (→) of one batch or play.",
      "The inputs spread evenly from −6 to 6, so their mean square, which is the curvature here, is about $6^2 / 3 = 12$.",
      "$2 / 12$ is about 0.17. The rates of the list on both sides of it are 0.1 and 0.3.",
    ],
    lesson:
      "Just below the limit it is fast, just above it explodes. If a training explodes, divide the rate by 3 to 10; if it crawls, go the other way.",
  },
};

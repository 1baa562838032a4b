/** Tour: what a neuron does. */

import { figure } from "../figures";
import { type Now, type SetUp, type Tour } from "./tour";

const ALONE: SetUp = { settings: { data: { kind: "gauss" }, layers: [] } };

/** Parameters of the one neuron: two weights, then the bias. */
const changed = (now: Now, began: Now, places: number[]): boolean =>
  places.some((place) => now.frame.buffers.theta[place] !== began.frame.buffers.theta[place]);

export const neuron: Tour = {
  name: "neuron",
  title: "What a neuron does",
  text: "One neuron, two weights, one bias: a line through the plane.",
  steps: [
    {
      text: "This network is a single neuron. It multiplies each input by a weight, adds a bias, and squeezes the sum $a$ into the range from 0 to 1. The result $z$ is read as the probability that a point belongs to class 1, the blue one.",
      formula: "a = w_1 x_1 + w_2 x_2 + b, \\qquad z = \\varphi(a) = \\frac{1}{1 + e^{-a}}",
      control: "network",
      setUp: ALONE,
    },
    {
      text: "A weight says how much its input counts, and in which direction: a positive weight speaks for class 1 where the input is positive, a negative one against it. Together the weights are an arrow $(w_1, w_2)$ that points to where $a$ grows.",
      control: "network",
      until: {
        text: "Click on a line that leads into the neuron and type another weight.",
        isMet: (now, began) => changed(now, began, [0, 1]),
      },
    },
    {
      text: "The border between the classes is where $a = 0$: a straight line, at right angles to the arrow of the weights. The bias moves it without turning it.",
      formula: "w_1 x_1 + w_2 x_2 + b = 0",
      control: "network",
      until: {
        text: "Click on the small square of the neuron, its bias, and type another value.",
        isMet: (now, began) => changed(now, began, [2]),
      },
    },
    {
      text: "How wrong the neuron is, the loss says: the cross entropy, averaged over the training points. With the target $y$ (0 or 1), being unsure costs a little, being sure and wrong costs a lot.",
      formula: "\\ell = -y \\log z - (1 - y) \\log(1 - z)",
      control: "loss-chart",
    },
    {
      text: "Training turns all three numbers at once, each a little in the direction in which the loss falls. How far it goes, the learning rate $\\eta$ says.",
      formula: "w^{\\text{new}} = w^{\\text{old}} - \\eta\\, \\frac{\\partial \\mathcal L}{\\partial w^{\\text{old}}}",
      control: "play",
      until: {
        text: "Press play until the training loss is below 0.1.",
        isMet: ({ frame }, began) => frame.step > began.frame.step && (frame.train.loss ?? 1) < 0.1,
      },
    },
  ],
  task: {
    text: "Now you are the training. The neuron begins with weights that are wrong. Set the two weights and the bias by hand, so that the classes are parted, and firmly.",
    control: "network",
    setUp: {
      ...ALONE,
      edits: [
        [0, 0, 0, -1],
        [0, 0, 1, 0.5],
        [0, 0, null, 2],
      ],
    },
    goals: ({ state, frame }) => [
      {
        text: "Gaussian data, no hidden layer",
        isMet: state.settings.data.kind === "gauss" && state.settings.layers.length === 0,
      },
      { text: "not a single training step", isMet: frame.step === 0 },
      {
        text: `training loss below 0.05 (now ${figure(frame.train.loss, 3)})`,
        isMet: frame.train.loss !== null && frame.train.loss < 0.05,
      },
    ],
    hints: [
      "The blue points lie at the upper right: the arrow of the weights has to point there.",
      "Both clouds are equally far from the middle, so the border should go through it. What does that say about the bias?",
      "Right side but unsure? Make both weights larger: the arrow keeps its direction, and $z$ goes faster from 0 to 1.",
    ],
    lesson:
      "Direction, place, firmness: direction and length of $(w_1, w_2)$ and the bias are all that a neuron has. Everything else comes from having many of them.",
  },
};

/** Tour: exclusive or. */

import { percent } from "../figures";
import { hasTrained, hidden, type SetUp, type Tour } from "./tour";

const ALONE: SetUp = { settings: { data: { kind: "xor" }, layers: [] } };
const PAIR: SetUp = { settings: { data: { kind: "xor" }, layers: hidden("relu", 2) }, isPlaying: true };

export const exclusiveOr: Tour = {
  name: "xor",
  title: "Exclusive or",
  text: "What one neuron cannot do, and how a hidden layer does it.",
  steps: [
    {
      text: "A point is blue where $x_1$ and $x_2$ have the same sign. One neuron cannot say that. It would need $a > 0$ at the corners $(1, 1)$ and $(-1, -1)$; add the two conditions, and $b > 0$ follows. It would need $a < 0$ at the other two corners; add these, and $b < 0$ follows.",
      formula:
        "\\begin{aligned} (w_1 + w_2 + b) + (-w_1 - w_2 + b) &= 2b > 0 \\\\ (w_1 - w_2 + b) + (-w_1 + w_2 + b) &= 2b < 0 \\end{aligned}",
      control: "data-sets",
      setUp: ALONE,
    },
    {
      text: "Try it all the same: training does what it can, and the accuracy stays at about one half.",
      control: "play",
      until: hasTrained(20),
    },
    {
      text: "With two hidden ReLU units the classical four-point problem, inputs 0 and 1, is solved by the formula below: 0, 1, 1, 0. Here whole quadrants are filled, which asks for more, and the weights have to be found by training. See how far two units come.",
      formula: "o = \\operatorname{ReLU}(x_1 + x_2) - 2 \\operatorname{ReLU}(x_1 + x_2 - 1)",
      control: "network",
      setUp: PAIR,
      until: hasTrained(40),
    },
    {
      text: "Under “Hidden space” below, each point stands where the hidden layer puts it. The output neuron can only part this picture by a straight line: so the hidden layer has to fold the plane until that is possible.",
      control: "panel-hidden-space",
    },
    {
      text: "Where training ends depends on where it begins: the loss has several valleys, and not all are equally deep. The seed chooses the initial weights.",
      control: "seed",
      until: {
        text: "Choose another seed, begin anew (r) and train: does it end elsewhere?",
        isMet: ({ state, frame }, began) => state.settings.seed !== began.state.settings.seed && frame.step > 0,
      },
    },
  ],
  task: {
    text: "Solve exclusive or with a small network: one hidden layer of at most four units, from $x_1$ and $x_2$ alone.",
    control: "network",
    setUp: ALONE,
    goals: ({ state, frame }) => [
      {
        text: "exclusive-or data, inputs x₁ and x₂ only",
        isMet:
          state.settings.data.kind === "xor" && state.settings.features.every((name) => ["x1", "x2"].includes(name)),
      },
      {
        text: "at most one hidden layer, of at most 4 units",
        isMet: state.settings.layers.length <= 1 && state.settings.layers.every((layer) => layer.units <= 4),
      },
      {
        text: `test accuracy at least 95 % (now ${percent(frame.test.score)})`,
        isMet: (frame.test.score ?? 0) >= 0.95,
      },
    ],
    hints: [
      "Add a hidden layer; four ReLU units nearly always find the way.",
      "It sticks? Another seed is another beginning.",
      "Done with four? Three can do it too, with some luck in the seed.",
    ],
    lesson:
      "The hidden units draw the lines, the output combines them. How many are needed in principle is one question; how many make it easy to find by training is another, and the answer is mostly larger.",
  },
};

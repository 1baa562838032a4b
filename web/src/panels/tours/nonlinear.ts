/** Tour: why activations must not be linear. */

import { percent } from "../figures";
import { hasTrained, hidden, type Now, type SetUp, type Tour } from "./tour";

const LINEAR: SetUp = { settings: { data: { kind: "circle" }, layers: hidden("identity", 4) } };

const isLinear = ({ state }: Now): boolean => state.settings.layers.every((layer) => layer.activation === "identity");

export const nonlinear: Tour = {
  name: "nonlinear",
  title: "Why nonlinear?",
  text: "Layers without an activation function collapse into one.",
  steps: [
    {
      text: "Two layers, but the hidden one has the identity as its activation: $z = a$. Then the layers can be multiplied out, and what remains is a single layer with other weights.",
      formula:
        "W^{(2)} (W^{(1)} x + b^{(1)}) + b^{(2)} = \\underbrace{W^{(2)} W^{(1)}}_{\\text{one matrix}} x + \\underbrace{W^{(2)} b^{(1)} + b^{(2)}}_{\\text{one bias}}",
      control: "network",
      setUp: LINEAR,
    },
    {
      text: "So all that this network can draw is a straight border, and no straight line parts a disk from the ring around it. The accuracy stays near that of a coin.",
      control: "play",
      until: hasTrained(30),
    },
    {
      text: "An activation function $\\varphi$ bends what each hidden unit says, before the next layer adds up. Now nothing can be multiplied out any more.",
      formula: "z^{(1)} = \\varphi(W^{(1)} x + b^{(1)})",
      control: "activation",
      until: {
        text: "Choose tanh or ReLU as the activation.",
        isMet: (now) => now.state.settings.layers.length > 0 && !isLinear(now),
      },
    },
    {
      text: "Watch the border close around the disk. The weights went on from where they were; only the function between the layers is another.",
      control: "output",
      until: {
        text: "Train until the test accuracy is at least 95 %.",
        isMet: ({ frame }) => (frame.test.score ?? 0) >= 0.95,
      },
    },
    {
      text: "Under “Hidden space” below you see how: every hidden unit cuts the plane along one straight line, and the output adds up what the four say. Where few lines are, corners stay; more units make the border rounder.",
      control: "panel-hidden-space",
    },
  ],
  task: {
    text: "Learn the circle without any bent activation: identity only, or no hidden layer at all. It can be done, if something else is bent.",
    control: "features",
    setUp: LINEAR,
    goals: (now) => [
      { text: "circle data", isMet: now.state.settings.data.kind === "circle" },
      { text: "every hidden activation is the identity", isMet: isLinear(now) },
      {
        text: `test accuracy at least 95 % (now ${percent(now.frame.test.score)})`,
        isMet: (now.frame.test.score ?? 0) >= 0.95,
      },
    ],
    hints: [
      "The network is a linear model of its inputs. Which inputs it gets, you choose on the left.",
      "A disk is where $x_1^2 + x_2^2$ is small. In which inputs is that a weighted sum?",
    ],
    lesson:
      "You have chosen the basis functions yourself: $f(x) = W \\phi(x) + b$. A hidden layer with a bent activation learns its own $\\phi$ instead, also where nobody knows which one is right.",
  },
};

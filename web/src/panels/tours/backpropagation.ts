/** Tour: backpropagation, watched. */

import { blocks } from "../../theta";
import { hidden, type Now, type SetUp, type Tour } from "./tour";

const SMALL: SetUp = { settings: { data: { kind: "circle" }, layers: hidden("tanh", 3) } };

/** Weight from hidden unit `from` to the output. */
function outgoing({ state, frame }: Now, from: number): number {
  return frame.buffers.theta[blocks(state.network).at(-1)!.weights + from] ?? NaN;
}

export const backpropagation: Tour = {
  name: "backpropagation",
  title: "Watch backpropagation",
  text: "One point forward, its error backward, number by number.",
  steps: [
    {
      text: "Training asks of every weight: if I grew a little, how would the loss change? Backpropagation answers for all weights at once, from one pass forward and one back. Take one point and follow it.",
      control: "output",
      setUp: SMALL,
      until: {
        text: "Click on a point in the output picture.",
        isMet: ({ row }, began) => row !== null && row !== began.row,
      },
    },
    {
      text: "Open the “Glass box” below and walk with “Next”. Forward, each layer makes sums $a$ of what comes in, and outputs $z$ of the sums. The $z$ of one layer are the inputs of the next.",
      formula: "a^{(l)} = W^{(l)} z^{(l-1)} + b^{(l)}, \\qquad z^{(l)} = \\varphi(a^{(l)})",
      control: "panel-glass-box",
    },
    {
      text: "At the end stands the loss. Its slope with respect to the sum of the output neuron is called $\\delta$. For the cross entropy with a sigmoid output it is as simple as can be: prediction minus target.",
      formula: "\\delta^{(L)} = \\frac{\\partial \\mathcal L}{\\partial a^{(L)}} = z^{(L)} - y",
      control: "panel-glass-box",
    },
    {
      text: "Now back. A hidden unit is to blame as far as its weights have carried it onward, and as far as its activation lets changes through: this is the chain rule, layer by layer.",
      formula: "\\delta^{(l)} = \\bigl(W^{(l+1)}\\bigr)^{\\!\\top} \\delta^{(l+1)} \\circ \\varphi'(a^{(l)})",
      control: "panel-glass-box",
    },
    {
      text: "The gradient of a weight is the $\\delta$ where it ends times the $z$ where it begins. Beside the pages, the gradient check confirms it: it moves weights a little and measures how the loss moves.",
      formula:
        "\\frac{\\partial \\mathcal L}{\\partial W^{(l)}} = \\delta^{(l)} \\bigl(z^{(l-1)}\\bigr)^{\\!\\top}, \\qquad \\frac{\\partial \\mathcal L}{\\partial b^{(l)}} = \\delta^{(l)}",
      control: "panel-glass-box",
    },
    {
      text: "Then every weight takes its step. A batch does the same with the mean of its rows' gradients. Choose “1 sample” or “1 batch” beside the run buttons and take single steps; back works, too.",
      formula: "W^{\\text{new}} = W - \\eta\\, \\frac{\\partial \\mathcal L}{\\partial W}",
      control: "step",
      until: { text: "Take a step.", isMet: ({ frame }, began) => frame.step > began.frame.step },
    },
  ],
  task: {
    text: "Silence a gradient. Set one single weight such that $\\delta$ of the first hidden unit becomes 0, for every point: then nothing is learned about the weights that lead into this unit. The Glass box shows whether you have succeeded.",
    control: "network",
    setUp: SMALL,
    goals: (now) => [
      {
        text: "one hidden layer, not yet trained",
        isMet: now.state.settings.layers.length === 1 && now.frame.step === 0,
      },
      { text: "δ of the first hidden unit is 0 for every point", isMet: outgoing(now, 0) === 0 },
      {
        text: "the other hidden units still learn",
        isMet: now.state.network.layers.length === 1 && outgoing(now, 1) !== 0 && outgoing(now, 2) !== 0,
      },
    ],
    hints: [
      "Look at the formula of $\\delta^{(l)}$: it is a product. Which factor can one weight make 0?",
      "The error comes to the unit along the weight that leads from it to the output.",
    ],
    lesson:
      "What does not carry a signal forward does not carry blame backward. Take one step now: the weight leaves 0 again, because its own gradient is $\\delta^{(2)} z^{(1)}$, and these are not 0.",
  },
};

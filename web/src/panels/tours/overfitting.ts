/** Tour: overfitting. */

import { figure } from "../figures";
import { hidden, type SetUp, type Tour } from "./tour";

const NOISY = { kind: "circle", noise: 30, share: 10 };

function large(isPlaying: boolean): SetUp {
  return { settings: { data: NOISY, layers: hidden("tanh", 16, 16), solver: "adam", learning_rate: 0.01 }, isPlaying };
}

export const overfitting: Tour = {
  name: "overfitting",
  title: "Overfitting",
  text: "Learning by heart, how to see it, what helps.",
  steps: [
    {
      text: "Few points, much noise, a large network: 50 training points, some of them on the wrong side, against 337 weights and biases. It can learn every single point by heart.",
      control: "data",
      setUp: large(false),
    },
    {
      text: "Watch both lines of the chart. First both losses fall: the network learns what is true of all points. Then the training loss goes on falling and the test loss rises: it learns what is true of the training points only.",
      control: "loss-chart",
      setUp: large(true),
      until: {
        text: "Train until the test loss is far above the training loss.",
        isMet: ({ frame }) => frame.epoch >= 80 && (frame.test.loss ?? 0) > (frame.train.loss ?? 0) + 0.25,
      },
    },
    {
      text: "The border shows it as well: bays and islands around single points. Show the test points in the output picture: they do not care for the islands. Accuracy hardly changes while the test loss climbs, because the network is ever more sure where it is wrong.",
      control: "output",
    },
    {
      text: "The cheapest cure is to stop in time. Here one can even go back.",
      control: "time",
      until: {
        text: "Go back in time to where the test loss was lowest.",
        isMet: ({ frame }, began) => frame.step < began.frame.step,
      },
    },
    {
      text: "The other cures make learning by heart expensive: more data, a smaller network, dropout, inputs that fit the problem, or a penalty on large weights. L2 adds the squares of the weights to the loss of a batch of $n$ rows, L1 their absolute values: steep, winding borders need large weights.",
      formula:
        "\\mathcal L_{\\text{L2}} = \\mathcal L + \\frac{\\lambda}{2n} \\sum w^2, \\qquad \\mathcal L_{\\text{L1}} = \\mathcal L + \\frac{\\lambda}{n} \\sum |w|",
      control: "penalty",
    },
  ],
  task: {
    text: "The same noise and the same few points. Change what you like besides, so that the test loss is still low after 100 epochs: no stopping in time.",
    control: "penalty",
    setUp: large(false),
    goals: ({ state: { settings }, frame }) => [
      {
        text: "circle data, at least 30 % noise, at most 10 % to learn from",
        isMet: settings.data.kind === "circle" && settings.data.noise >= 30 && settings.data.share <= 10,
      },
      { text: `100 epochs or more (now ${Math.floor(frame.epoch)})`, isMet: frame.epoch >= 100 },
      {
        text: `test loss at most 0.30 (now ${figure(frame.test.loss, 3)})`,
        isMet: frame.test.loss !== null && frame.test.loss <= 0.3,
      },
      {
        text: `test loss at most 0.20 above the training loss (now ${figure((frame.test.loss ?? NaN) - (frame.train.loss ?? NaN), 2)})`,
        isMet: frame.test.loss !== null && frame.train.loss !== null && frame.test.loss - frame.train.loss <= 0.2,
      },
    ],
    hints: [
      "Choose L2 as the regularization and try its rates from small to large. Begin anew after each change.",
      "A rate of 0.1 is about right; 10 would leave nothing but flat land.",
      "Another way: which inputs make a circle simple? Then a tiny network is enough.",
    ],
    lesson:
      "A model is judged by points that it has not seen. Regularization gives up some of the training loss to gain on the test.",
  },
};

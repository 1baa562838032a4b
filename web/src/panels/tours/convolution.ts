/** Tour: convolution. */

import { percent } from "../figures";
import { hasTrained, type SetUp, type Tour } from "./tour";

const BARS: SetUp = {
  settings: { data: { kind: "bars" }, filters: 4, solver: "adam", learning_rate: 0.01 },
};

export const convolution: Tour = {
  name: "convolution",
  title: "Convolution",
  text: "Small filters that slide over a picture, and the maps of what they find.",
  steps: [
    {
      text: "Each picture shows a bar: horizontal, vertical, rising or falling, anywhere. A dense layer would have to learn each direction at every place by itself. A filter has nine weights only, and the same nine look at every place.",
      formula: "a_{y,x} = b + \\sum_{i,j} w_{ij}\\, z_{y+i,\\,x+j}",
      control: "grid-network",
      setUp: BARS,
    },
    {
      text: "Point at a cell under “Sum”: framed in the picture is the patch that it sees. Below stand patch and weights, number by number, and what comes out. “ReLU” keeps what is positive; that is the feature map.",
      control: "grid-network",
    },
    {
      text: "Of every $2 \\times 2$ places, pooling keeps the largest. Where exactly the filter found something no longer matters, only that it did. The dense layer behind it reads all pooled maps and gives a probability to each direction.",
      control: "grid-network",
    },
    {
      text: "At the beginning the filters are chance. Training changes them by $\\partial\\mathcal L/\\partial w$, which for a shared weight is a sum over all places. Point at a weight of a filter to see its own.",
      formula:
        "\\frac{\\partial \\mathcal L}{\\partial w_{ij}} = \\sum_{y,x} \\frac{\\partial \\mathcal L}{\\partial a_{y,x}}\\, z_{y+i,\\,x+j}",
      control: "play",
      until: hasTrained(10),
    },
    {
      text: "Look at the filters now: a line of blue in one direction, orange beside it, is a detector of bars of that direction. Choose pictures of several directions and see which map lights up.",
      control: "specimens",
    },
  ],
  task: {
    text: "How few filters are enough? Tell the four directions apart with two filters at most.",
    control: "filters",
    setUp: BARS,
    goals: ({ state, frame }) => [
      {
        text: "bars without noise, at most 2 filters",
        isMet: state.settings.data.kind === "bars" && state.settings.data.noise === 0 && state.settings.filters <= 2,
      },
      {
        text: `test accuracy at least 90 % (now ${percent(frame.test.score)})`,
        isMet: (frame.test.score ?? 0) >= 0.9,
      },
    ],
    hints: [
      "“Filters” stands in the bar above the network.",
      "It sticks? Another seed gives other filters to begin with; more epochs help too.",
      "More pictures to learn from help as well: “Learn from” at 80 %.",
    ],
    lesson:
      "A map says more than yes or no: how strong, and where. So two filters can tell more than two directions apart, and the dense layer reads the rest from where they answer. With more filters it is learned more easily.",
  },
};

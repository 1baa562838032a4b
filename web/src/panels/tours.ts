/** The guided tours, in the order of the lecture. */

import { backpropagation } from "./tours/backpropagation";
import { convolution } from "./tours/convolution";
import { exclusiveOr } from "./tours/exclusive_or";
import { learningRate } from "./tours/learning_rate";
import { neuron } from "./tours/neuron";
import { nonlinear } from "./tours/nonlinear";
import { overfitting } from "./tours/overfitting";
import { recurrence } from "./tours/recurrence";
import type { Tour } from "./tours/tour";

export const tours: Tour[] = [
  neuron,
  nonlinear,
  exclusiveOr,
  backpropagation,
  learningRate,
  overfitting,
  convolution,
  recurrence,
];

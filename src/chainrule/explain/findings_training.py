"""Findings about how training went, from its curve of losses: steps too large, or too small."""

from typing import Any

import numpy as np

from chainrule.explain.diagnosis import Finding, percent
from chainrule.explain.examined import Examined

__all__ = ["learning_rate_too_high", "learning_rate_too_low"]

Array = Any

FEWEST_EPOCHS = 10
"""Of fewer epochs no share is worth a word."""

MUCH_UP = 0.2
"""Batches drawn anew let an epoch's loss go up by some per cent now and then; a fifth is another matter."""
NOT_WORTH_A_WORD = 0.01
"""Of the first epoch's loss: what is left to learn is so little that its noise is, relatively, large."""
SHARE_OF_EPOCHS_UP = 0.1
"""Once in a while a step goes wrong and training recovers; in one epoch of ten it does not settle."""
ENDS_ABOVE_LOWEST = 0.5

STILL_FALLING = 0.1
"""The last quarter of a training that has settled brings less than a tenth."""
STILL_MUCH = 0.02
"""Of the first loss: with classes that can be told apart the loss falls for ever, and nothing is gained."""

_UNPLANNED = ("constant", "adaptive", "invscaling")


def learning_rate_too_high(examined: Examined) -> Finding | str | None:
    """The loss goes up by much in every tenth epoch, ends far above its lowest, or is no number.

    Where the rate goes up and down by plan, as in table models, the loss does too: then its end tells.
    """
    curve = examined.curve("loss_curve_")
    if not len(curve):
        return "the model has no loss curve"
    known = curve[np.isfinite(curve)]
    if len(known) < len(curve):
        return _too_high(
            examined, curve, f"was not finite in epoch {int(np.argmin(np.isfinite(curve))) + 1}", True
        )
    if len(curve) < FEWEST_EPOCHS or curve.min() < 0 or curve[0] == 0:
        return f"needs at least {FEWEST_EPOCHS} epochs and losses above 0"
    rises = np.diff(curve)
    up = (rises > MUCH_UP * curve[:-1]) & (rises > NOT_WORTH_A_WORD * curve[0])
    n_last = max(1, len(curve) // 10)
    end, lowest = curve[-n_last:].mean(), curve.min()
    if end > curve[0]:
        return _too_high(examined, curve, f"ended above where it began, {end:.3g} after {curve[0]:.3g}", True)
    if end - lowest > max(ENDS_ABOVE_LOWEST * lowest, 0.1 * curve[0]):
        return _too_high(examined, curve, f"ended at {end:.3g}, far above its lowest, {lowest:.3g}", False)
    if up.mean() > SHARE_OF_EPOCHS_UP and not _follows_a_plan(examined):
        how = f"went up by more than {percent(MUCH_UP)} in {up.sum()} of {len(up)} epochs"
        return _too_high(examined, curve, how, False)
    return None


def _too_high(examined: Examined, curve: Array, how: str, is_severe: bool) -> Finding:
    known = curve[np.isfinite(curve)]
    rises = np.diff(known)
    up = (rises > MUCH_UP * known[:-1]) & (rises > NOT_WORTH_A_WORD * known[0]) if len(known) else rises
    return Finding(
        "learning rate too high",
        "severe" if is_severe else "notable",
        f"The training loss {how}: steps jump over what they aim at.",
        {
            "learning_rate_init": examined.learning_rate,
            "first_loss": float(curve[0]),
            "lowest_loss": float(known.min()) if len(known) else None,
            "last_loss": float(curve[-1]),
            "epochs_up": int(up.sum()),
            "epochs": len(curve),
        },
        f"Lower learning_rate_init={examined.learning_rate:g}, to a third or a tenth; scale inputs and "
        "target; larger batches and max_grad_norm help too.",
        "the loss curve",
    )


def _follows_a_plan(examined: Examined) -> bool:
    """Whether the learning rate goes up or down as planned, and the loss with it."""
    if examined.is_table_model:
        return True
    chosen = examined.model.learning_rate
    return not isinstance(chosen, str) or chosen not in _UNPLANNED


def learning_rate_too_low(examined: Examined) -> Finding | str | None:
    """All of `max_iter` epochs were run, and the loss fell by much in the last quarter."""
    model, curve = examined.model, examined.curve("loss_curve_")
    if examined.is_table_model:
        return "a table model chooses its own number of epochs"
    if model.solver == "lbfgs":
        return "L-BFGS finds the length of its steps itself"
    if _follows_a_plan(examined):
        return "its schedule plans a fall at the end"
    if len(curve) < 2 * FEWEST_EPOCHS or not np.isfinite(curve).all() or curve.min() < 0:
        return f"needs at least {2 * FEWEST_EPOCHS} epochs and losses above 0"
    if len(curve) < model.max_iter:
        return None
    validation, quarter = examined.curve("validation_loss_curve_"), len(curve) - len(curve) // 4
    if len(validation) and np.nanargmin(validation) < quarter:
        return None  # the best epoch has been; going on would bring nothing
    few = max(1, len(curve) // 20)
    before, after = float(curve[quarter - few : quarter].mean()), float(curve[-few:].mean())
    if before - after <= max(STILL_FALLING * before, STILL_MUCH * float(curve[0])):
        return None
    return Finding(
        "learning rate too low",
        "notable",
        f"All {len(curve)} epochs were run and the loss was still falling: from {before:.3g} to "
        f"{after:.3g} ({percent(1 - after / before)}) in the last quarter. Training was cut off, not "
        "finished.",
        {
            "learning_rate_init": examined.learning_rate,
            "max_iter": int(model.max_iter),
            "loss_before_the_last_quarter": before,
            "loss_at_the_end": after,
            "fall": 1 - after / before,
            "threshold": STILL_FALLING,
        },
        "If scores on rows it has not seen still improve, raise "
        f"learning_rate_init={examined.learning_rate:g} about threefold, or max_iter={model.max_iter}.",
        f"epochs {quarter + 1} to {len(curve)}",
    )

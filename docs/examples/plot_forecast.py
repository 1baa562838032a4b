"""
A forecast
==========

A series with a day, a week and noise; what a `Forecaster` tells of the two days that it has not seen, and
by how much it may be wrong.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from chainrule import Forecaster

rng = np.random.default_rng(0)
time = pd.date_range("2026-01-01", periods=60 * 24, freq="h")
day, week = np.sin(2 * np.pi * time.hour / 24), 3 * (time.day_of_week >= 5)
visits = pd.DataFrame({"time": time, "visits": 20 + 6 * day + week + rng.normal(0, 1, len(time))})

known, unseen = visits[:-48], visits[-48:]
model = Forecaster(horizon=48, cell="dense", coverage=0.9, difference="last", max_iter=20, random_state=0)
told = model.fit(known, "visits", time="time").predict()

figure, ax = plt.subplots(figsize=(9, 3.5), layout="constrained")
ax.plot(visits["time"][-168:], visits["visits"][-168:], color="0.35", linewidth=1, label="what came")
ax.fill_between(
    told["time"], told["visits_low"], told["visits_high"], alpha=0.25, linewidth=0, label="interval, 90 %"
)
ax.plot(told["time"], told["visits"], label="forecast")
ax.legend(loc="upper left", ncols=3)
ax.set_ylabel("visits per hour")
inside = (unseen["visits"].to_numpy() >= told["visits_low"]) & (
    unseen["visits"].to_numpy() <= told["visits_high"]
)
print(f"inside: {np.mean(inside):.0%}")

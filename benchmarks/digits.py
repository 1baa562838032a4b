"""scikit-learn's digits: ImageClassifier beside a PyTorch network of the same shape, trained alike.

    python benchmarks/digits.py [--seeds N] [--results FILE]

A quarter of the 1,797 images is held out, stratified, by each seed. Both: convolutions of 32 and 64 filters
with ReLU, a maximum of 2 × 2, 128 dense units with dropout 0.3, Adam with a one-cycle rate up to 0.002,
batches of 64, 30 epochs, random shifts by up to a pixel. PyTorch is left out where it is not installed.
"""

import argparse
import json
from pathlib import Path
from statistics import mean, median
from time import perf_counter

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from chainrule import ImageClassifier

EPOCHS, BATCH, RATE = 30, 64, 0.002


def by_chainrule(seed, train, test, y_train, y_test):
    begun = perf_counter()
    model = ImageClassifier(random_state=seed).fit(train, y_train)
    return perf_counter() - begun, float(model.score(test, y_test))


def by_torch(seed, train, test, y_train, y_test):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    begun = perf_counter()
    scale = train.mean(), train.std()
    X = torch.tensor((np.pad(train, ((0, 0), (1, 1), (1, 1))) - scale[0]) / scale[1], dtype=torch.float32)
    y = torch.tensor(y_train)
    net = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 16, 128),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(128, 10),
    )
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE)
    steps = -(-len(X) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=EPOCHS * steps)
    for _ in range(EPOCHS):
        order = torch.randperm(len(X))
        for start in range(0, len(X), BATCH):
            rows = order[start : start + BATCH]
            moves = torch.randint(0, 3, (len(rows), 2))
            images = torch.stack(
                [
                    X[i, down : down + 8, right : right + 8]
                    for i, (down, right) in zip(rows, moves, strict=True)
                ]
            )
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(images[:, None]), y[rows]).backward()
            optimizer.step()
            schedule.step()
    seconds = perf_counter() - begun
    net.eval()
    with torch.no_grad():
        held_out = torch.tensor((test - scale[0]) / scale[1], dtype=torch.float32)[:, None]
        return seconds, float((net(held_out).argmax(1).numpy() == y_test).mean())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    X, y = load_digits(return_X_y=True)
    methods = {"chainrule": by_chainrule}
    try:
        import torch  # noqa: F401

        methods["PyTorch"] = by_torch
    except ImportError:
        print("PyTorch is not installed: left out")
    found = {name: [] for name in methods}
    for seed in range(arguments.seeds):
        parts = train_test_split(X.reshape(-1, 8, 8), y, test_size=0.25, stratify=y, random_state=seed)
        for name, method in methods.items():
            found[name].append(method(seed, *parts))
            print(f"seed {seed}, {name}: {found[name][-1][1]:.2%} in {found[name][-1][0]:.1f} s", flush=True)
    for name, runs in found.items():
        print(f"{name}: {mean(a for _, a in runs):.2%} on average, {median(s for s, _ in runs):.1f} s")
    if arguments.results:
        arguments.results.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

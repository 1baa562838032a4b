"""Write a data set that is larger than the memory it is trained in.

    python benchmarks/make_big.py FOLDER [--rows N] [--columns K] [--files F]

Synthetic: numbers of several distributions, some missing; the target is a smooth function of ten of them with
interactions, and noise. The same arguments write the same rows. 20,500,000 x 30 take 5.1 GB: one file of
500,000 rows to score, and 20,000,000 to train on.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import polars as pl

ROWS_OF_A_GROUP = 131_072
NOISE = 0.3


def make_rows(n: int, n_columns: int, rng: np.random.Generator) -> pl.DataFrame:
    X = rng.normal(size=(n_columns, n))
    X[1::5] = np.exp(X[1::5])
    X[2::5] = np.round(2 * X[2::5])
    X[3::5] = rng.uniform(size=X[3::5].shape)
    y = (
        np.sin(2 * X[0])
        + X[1] * X[3]
        + np.abs(X[2]) * (X[4] > 0)
        + 0.5 * X[5] * X[8]
        + np.tanh(X[6])
        - X[9] ** 2 / 4
    )
    y += NOISE * rng.normal(size=n)
    X[7][rng.random(n) < 0.1] = np.nan
    return pl.DataFrame({f"x{i}": column for i, column in enumerate(X)} | {"y": y})


def write(folder: Path, n_rows: int, n_columns: int, n_files: int) -> int:
    """Write the files; how many bytes they have."""
    folder.mkdir(parents=True, exist_ok=True)
    ends = [n_rows * i // n_files for i in range(n_files + 1)]
    for i in range(n_files):
        rows = make_rows(ends[i + 1] - ends[i], n_columns, np.random.default_rng([i, n_rows]))
        rows.write_parquet(
            folder / f"{i:04d}.parquet", row_group_size=ROWS_OF_A_GROUP, compression="uncompressed"
        )
    return sum(path.stat().st_size for path in folder.glob("*.parquet"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=20_500_000)
    parser.add_argument("--columns", type=int, default=30, help="at least 10")
    parser.add_argument("--files", type=int, default=41)
    given = parser.parse_args()
    n_bytes = write(given.folder, given.rows, given.columns, given.files)
    print(f"{given.rows:,} rows in {given.files} files, {n_bytes / 1e9:.2f} GB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What `benchmarks/accuracy.py` measures and how: systems that run in processes, and a summary of records.

    data.py           the data sets and their splits
    systems/          one module per kind of system, with the code that a user of it would write
    metrics.py        from predictions to figures
    worker.py         what runs inside a process: one system, data set after data set
    processes.py      such a process: how it is started, spoken to and given up
    runs.py           who runs on what, and the file of records
    scores.py         ranks, wins, ratios and times of a set of records: pure functions
    goals.py          the goals, and what was reached
    report.py         the tables, as Markdown

A record is a line of JSON: data, split, method, cap, n, d, task, and the figures, or `failed` with
the message. The modules that start processes import no library.
"""

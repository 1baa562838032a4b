"""What `benchmarks/speed.py` measures and how: parts that start processes, and systems that do the work.

    cases.py          networks, how much is measured, which system takes part in what
    step.py, fit.py, compilation.py, memory.py, prediction.py
                      the parts: each starts processes, collects their numbers and writes a table
    processes.py      a process with its environment, and how it is spoken to
    worker.py         what runs inside such a process
    fit_once.py       the program whose whole run time the part "fit" takes
    data.py, timing.py, machine.py
                      synthetic tables, repetitions, the description of the machine
    systems/          one module per library, with the code that a user of it would write

Modules that run before a process is started import no library, so that the processes are alike.
"""

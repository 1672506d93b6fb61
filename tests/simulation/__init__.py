"""The simulation: the real router and its real client libraries over modelled servers.

`loop.py` is the clock and the processes, `partition.py`, `transactions.py`, `group.py` and `broker.py` are
Kafka, `wire.py` is the network to it, `rediswire.py` is Redis, `worker.py` starts the router's own
code, `faults.py` is the plan of a seed, `schedule.py` runs one seed and lets the judge decide.
`python -m tests.simulation.run --help` says how to run it.
"""

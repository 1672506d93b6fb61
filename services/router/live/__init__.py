"""Rules on live traffic: the watched directory, the reload, the candidate beside the live rules.

directory.py   what lies in the directory, and how it is read
changing.py    how a person changes it: shadow, canary, promote, rollback, disable
switching.py   how a single rule is switched off inside a file
child.py       the process that reads and checks rule files, so that no lane waits for it
loading.py     files -> an edition, or why not
reload.py      watches, loads, swaps one reference
beside.py      the candidate beside the live rules, for one batch
guardrails.py  when a canary is stopped
figures.py     what Prometheus is told of all that
"""

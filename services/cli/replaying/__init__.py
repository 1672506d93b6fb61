"""`omniroute rules replay`: the same inputs under two rule files.

lines.py    the inputs of a file
topics.py   the inputs of a Kafka partition, in the batches in which they were decided
work.py     the folding, in one process or several
sums.py     what came out, added up; adding parts in any order gives the same
report.py   the sums as data for a program, a terminal and a page
text.py page.py   the words, the page
"""

"""`omniroute rules explain`: finding a decision, and telling why it is as it is.

index.py    where each decision lies on contact.decisions, rebuilt from the topic at any time
sources.py  the decisions of a file or of a Kafka range
found.py    one decision with what is known about it
telling.py  the words
"""

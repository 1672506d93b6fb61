"""The judge: reads what a deployment left on Kafka and in Redis, and checks the promises.

It shares nothing with the services but the words (`services/contact`) and, for the fold, the
core: another Kafka client, its own reading, its own comparison. One partition at a time:

    reading.py  -> evidence.py: everything that lies in one partition
    laws.py     what holds without knowing how a decision is made
    chain.py    the markers of contact.memory: which inputs made up each batch
    fold.py     the core over those batches: what ought to be on the topics
    compare.py  what ought to be against what is
    ledger.py   what the generator of the traffic expected
    view.py     Redis against contact.memory
"""

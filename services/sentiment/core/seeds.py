"""The numbers of version 1 of the hash; whoever changes one makes every trained model worthless."""

from __future__ import annotations

STEP = 0x9E3779B1
"""From one character to the next, in grams and in tokens."""
PAIR = 0x2545F491
"""From the left one of two tokens, or stems, to the right one."""
EDGE = 0xA5A5A5A5
"""The token that stands for the edge of a text."""
ORDERS = (0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F, 0x165667B1, 0xD3A2646D)
"""Of one to five characters in a row."""
WORD, WORDS = 0xB5297A4D, 0x68E31DA5
"""Of a token, and of a pair."""
NOT, NOTS = 0x1B56C4E9, 0x7FEB352D
"""Of those behind a negator."""
BUT = 0x846CA68B
"""Of a token behind a turn."""
STEMS, SKIP = 0x3334567B, 0x5554567B
"""Of two stems, neighbours or with a token between."""
SHAPE = 0x9C81A3D5
SHAPE_ROW = 64
"""From one kind of shape to the next."""

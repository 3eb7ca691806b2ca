"""Mood: whether what a review says is good or bad, told from its words by a small linear model, on one core.

`features` cuts texts into units (a Chinese character, a Latin word, a run of digits, a mark) and counts sequences of up
to four of them; `learning` weighs them and measures the weights on texts that were held back; `model` is what is kept
and read with. Nothing here knows a database; what is published, by whom, is kept by the room: decision 0040.
"""

"""The words every room shares: ids, money, time, geography, refusals and the shape of events.

Pure: no I/O, no clock, no import of anything of ours.
"""

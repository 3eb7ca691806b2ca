"""What runs without anybody asking: followers of the log, and rounds that the clock begins.

`followers` lists every follower; `rounds` are Procrastinate's tasks; `hold_timer` gives
back what ran out at its moment; `running` starts all beside a server.
"""

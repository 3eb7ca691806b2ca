"""What runs without anybody asking: followers of the log, and rounds that the clock begins.

`followers` lists every follower; `rounds` are Procrastinate's tasks; `running` starts both beside a server.
"""

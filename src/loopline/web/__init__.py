"""The edge over HTTP: pages, the live board, health and metrics. `loopline.web.app.create_app` makes the application,
`loopline.web.server.serve` runs it.

Asynchronous only here: handlers hand batches to threads, and everything below is synchronous over a connection opened
here. A refusal becomes an HTTP status in one table (`problems.py`).
"""

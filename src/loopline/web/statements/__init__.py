"""Statements as people read them: on screen, as sheets and as pages to print."""

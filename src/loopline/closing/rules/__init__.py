"""Pure decisions of closes: which month may be closed, what is expected to come back, what a digest covers."""

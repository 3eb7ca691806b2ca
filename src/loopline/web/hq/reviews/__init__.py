"""Reviews for HQ and whoever runs a store: what waits for an answer, what is said of what, what reads it."""

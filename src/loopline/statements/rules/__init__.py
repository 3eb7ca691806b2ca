"""Decisions of statements: how days are hashed and sealed, how a statement is verified, what a dispute allows. Pure."""

"""A study's evidence: the claim, the table made from its sweep, and which rows of it a quantity is of.

It alone of `comparison` decides what the stage `study` writes.
"""

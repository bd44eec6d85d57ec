"""A study's evidence: the claim, the table made from its sweep, and which rows of it a quantity is of.

The stage `study` runs this package and no other of `comparison`; its fingerprint is that stage's.
"""

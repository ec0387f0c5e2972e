"""Wording: the phrases that people read in alerts, in each language, and the numbers and times in them.

A language is one file with its `Phrases`, and a line in `streams.core.wording.languages`.
"""

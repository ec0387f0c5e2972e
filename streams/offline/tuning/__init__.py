"""Suggest detector thresholds that would have found more of the labelled incidents, with fewer false ones.

A candidate changes one thing of the config in use: the return period (``once_in_days``) of all live detectors by the
same factor, as a preset does, or that of one detector (`candidates`). All candidates run in one pass over the scored
mentions, by the code that detects live (`candidate_run`). The score of a candidate is the F-measure that weights recall
twice as much as precision (`objective`). The suggestion is the middle of the range of thresholds that score about as
well as the best (`curve`), and it has to prove itself on incidents by which it was not chosen (`validation`).
"""

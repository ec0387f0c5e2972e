"""Which thresholds would have found more of what people say happened, for fewer false incidents.

A candidate changes one thing of the config in use: how rare something must be (``once_in_days``) for all live detectors
by the same factor, as a preset does, or for one of them (`candidates`). All candidates are tried in one pass over the
scored mentions, by the code that detects live (`panel`). The score of what came of one is the F-measure that counts
recall twice as much as precision (`objective`). What is suggested has to prove itself on incidents that it was not
chosen by (`validation`), and is the middle of the range of thresholds that do about as well (`curve`).
"""

"""Explain why the detectors of a brand fired at some moment, or did not.

Recorded posts or mentions run through the code that detects live (`playback`). The moment is explained by the detectors
themselves (`streams.core.detect.explaining`), and the verdict follows from that in one sentence (`verdict`).
"""

from streams.offline.why.playback import Played, Run, play
from streams.offline.why.verdict import verdict

__all__ = ["Played", "Run", "play", "verdict"]

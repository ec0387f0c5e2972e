"""Explain why the detectors of a brand fired at some moment, or did not.

Recorded posts or mentions run through the code that detects live (`playback`). The moment is explained by the detectors
themselves (`streams.core.detect.explaining`), and the conclusion follows from that in one sentence (`conclusion`).
"""

from streams.offline.why.conclusion import conclusion
from streams.offline.why.playback import Played, Run, play

__all__ = ["Played", "Run", "conclusion", "play"]

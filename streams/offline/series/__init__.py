"""Detectors on any series of counts: score a CSV row by row, and measure detectors on labelled series."""

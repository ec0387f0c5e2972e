"""The mathematics of firewatch: online detectors over one brand's buckets. No Kafka, no clock, no I/O."""

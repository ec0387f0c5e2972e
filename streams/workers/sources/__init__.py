"""The parts of the worker that reads live sources (`streams.workers.live_ingest`)."""

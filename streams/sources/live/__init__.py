"""Live sources: what a company listens to, one module or package a kind (`streams.sources.live.registry`)."""

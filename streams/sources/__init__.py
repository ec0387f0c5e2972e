"""Sources of posts: one module a kind, found through `streams.sources.registry`."""

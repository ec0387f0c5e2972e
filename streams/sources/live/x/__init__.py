"""X: the filtered stream of its API, with rules made from the brands, a spending limit, and recent search for gaps."""

"""The kind `webhook`: posts that other programs push over HTTP."""

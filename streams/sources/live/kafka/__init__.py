"""The kind `kafka`: posts of a topic that other programs write."""

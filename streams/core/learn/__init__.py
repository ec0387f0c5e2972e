"""Learning from labels: which are accepted, what the model learns from them, and which posts are worth a label."""

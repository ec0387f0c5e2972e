"""Live source `reddit`: the newest posts and comments of subreddits, read again and again."""

"""The kind `files`: posts of files, and of folders that files are put into."""

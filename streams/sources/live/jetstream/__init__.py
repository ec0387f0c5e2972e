"""Live source of the kind `jetstream`: Bluesky's posts by a Jetstream server, on either of its wires."""

"""What the handlers call: each a thing that happens to a run, free of Lambda, HTTP and SQL."""

"""The supervised process tree that executes one script, and the verdict on what it left."""

"""The HTTP API: submit a script, follow and cancel its run."""

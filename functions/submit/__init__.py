"""The HTTP API: save tests and jobs, run them, follow, cancel and delete their runs."""

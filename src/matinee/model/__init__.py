"""What Matinee is about, free of any I/O: runs, scripts, events, errors."""

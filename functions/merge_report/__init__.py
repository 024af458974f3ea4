"""The blobs of a run become its report."""

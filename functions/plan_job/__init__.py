"""The runs of jobs become orders, one for each test."""

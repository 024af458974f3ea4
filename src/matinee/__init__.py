"""Matinee runs Playwright tests on serverless functions."""

__version__ = "0.1.0"

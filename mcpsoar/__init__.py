"""Detect, page and contain incidents of Model Context Protocol servers."""

__version__ = "0.1.0"

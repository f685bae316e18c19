"""Benchmarks: one command each, ratios on standard output, nothing kept."""

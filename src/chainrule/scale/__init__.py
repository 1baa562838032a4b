"""Larger than memory, and larger than a machine."""

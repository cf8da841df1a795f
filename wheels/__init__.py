"""Builds the package: see README.md. Standard library only."""

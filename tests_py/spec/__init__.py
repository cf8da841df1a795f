"""Runs the scripts of the specification's test suite through the Python API."""

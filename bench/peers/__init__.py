"""One peer a file: `MODULE` is what it imports, and each function makes one row's contender."""

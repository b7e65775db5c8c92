"""What `make` calls: standard library only, so that it runs before anything is installed (Python 3.9 or newer)."""

"""The `signpost` command where it is run as a module."""

import sys

from app.cli.command import main

if __name__ == "__main__":
    sys.exit(main())

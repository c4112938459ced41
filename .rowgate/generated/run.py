"""Serve this project: ``python run.py --host 127.0.0.1 --port 5656``; the same as ``rowgate run``."""

import sys
from pathlib import Path

from rowgate.cli import main

if __name__ == "__main__":
    main(["--project", str(Path(__file__).parent), "run", *sys.argv[1:]])

"""A process that uses the embedded servers until its input ends; it needs the standard library alone."""

import json
import sys
from pathlib import Path

from app.embedded.servers import EmbeddedError, start


def use(data_dir: Path) -> dict[str, str]:
    try:
        servers = start(data_dir)
    except EmbeddedError as error:
        return {"error": str(error)}
    told = {"database_url": servers.database_url, "redis_url": servers.redis_url}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    servers.close()
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(use(Path(sys.argv[1]))) + "\n")

"""`signpost openapi`: the document of the API."""

import argparse
import json

from app.cli.terminal import say
from app.main import openapi_document
from app.settings import Settings


def show(_settings: Settings, _: argparse.Namespace) -> None:
    """Print the OpenAPI document."""
    say(json.dumps(openapi_document(), indent=1, sort_keys=True))

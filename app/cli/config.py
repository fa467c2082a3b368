"""`signpost config`: a site's draft as a file, for people and for CI."""

import argparse
from typing import Any

from app.admin.config.given import checking as checking_document
from app.admin.config.given import given_of
from app.admin.revisions.checked import checking as checking_revision
from app.cli.config_file import ConfigFile
from app.cli.config_service import ConfigService
from app.cli.config_text import differs, lines_of, lines_of_problems, unsound
from app.cli.terminal import CommandError, complain, is_colourful, say
from app.engine.problems import Problems
from app.kit.listener import place_of
from app.kit.private_file import read_json
from app.kit.steps import finished
from app.settings import Settings
from app.web.problems import WrongContentError


def pull(settings: Settings, options: argparse.Namespace) -> int:
    """Write the draft into a file."""
    file = ConfigFile(options.file)
    with _service(settings, options) as service:
        content, etag = service.get(file.kind)
    file.write(content)
    file.remember(service.url, etag)
    return 0


def diff(settings: Settings, options: argparse.Namespace) -> int:
    """Tell what a push would change."""
    document = ConfigFile(options.file).read()
    with _service(settings, options) as service:
        changes, _ = service.compare(document, if_match=None)
    _tell(changes)
    return int(differs(changes))


def push(settings: Settings, options: argparse.Namespace) -> int:
    """Make the draft equal to a file."""
    file = ConfigFile(options.file)
    document = file.read()
    with _service(settings, options) as service:
        known = options.if_match or file.find_etag(service.url)
        changes, etag = service.compare(document, known)
        _tell(changes)
        # What was told is what happens: the draft must be the one that was compared.
        _, etag = service.replace(document, etag)
        file.remember(service.url, etag)
        if options.publish is not None:
            published = service.publish(options.publish)
            say(f"published as revision {published['number']}")
            for warning in published["warnings"]:
                complain(f"{warning['pointer']}: {warning['message']}")
    return 0


def check(_settings: Settings, options: argparse.Namespace) -> int:
    """What can be known of a file alone: not whether an experiment that runs may become what it says."""
    document = ConfigFile(options.file).read()
    try:
        finished(checking_document(document))
        checked = finished(checking_revision(given_of(document).document, None, 1, {}))
    except WrongContentError as error:
        raise CommandError(1, unsound(options.file, error.errors)) from error
    except Problems as error:
        raise CommandError(1, unsound(options.file, error.problems)) from error
    for line in lines_of_problems(checked.warnings):
        complain(f"{options.file}:{line}")
    say(f"{options.file}: sound")
    return 0


def _tell(changes: dict[str, Any]) -> None:
    say("\n".join(lines_of(changes, colourful=is_colourful())))


def _service(settings: Settings, options: argparse.Namespace) -> ConfigService:
    url = (options.url or settings.url or f"http://{place_of(settings.host, settings.port)}").rstrip("/")
    key = options.key or settings.admin_key or read_json(settings.data_dir / "keys.json").get("secret_key")
    if key is None:
        raise CommandError(2, "no key: say SIGNPOST_ADMIN_KEY or --key")
    return ConfigService(url, key)

"""`signpost config`: a site's draft as a file, for people and for CI."""

import argparse
from collections.abc import Callable
from typing import Any, TypeAlias

from app.admin.config.given import checking as checking_document
from app.admin.config.given import given_of
from app.admin.revisions.checked import checking as checking_revision
from app.cli.config_file import ConfigFile
from app.cli.config_service import ConfigService
from app.cli.config_text import differs, lines_of, lines_of_problems, unsound
from app.cli.terminal import CommandError, complain, is_colourful, say
from app.engine.problems import Problems
from app.kit.private_file import read_json
from app.kit.steps import finished
from app.settings import Settings
from app.web.problems import WrongContentError

Run: TypeAlias = Callable[[Settings, argparse.Namespace], int]

_EPILOG = """\
FILE ends in .json, .yaml or .yml, or is - (what comes in or goes out, as YAML; JSON is YAML too). YAML is
read as YAML 1.2: NO, off, 1:20 and dates are text. pull and push keep the ETag of the draft in FILE.etag, so
that push refuses to overwrite what somebody else has changed since.

Where the service is, SIGNPOST_URL says or --url; whose site, SIGNPOST_ADMIN_KEY or --key. A key on the
command line can be seen by everybody on this machine.

Exit codes:
  0  done; diff: no difference; check: the file could be published
  1  diff: there is a difference; check, push: the file is unsound; push: the draft was changed since
  2  wrong usage, a file that cannot be read, a service that cannot be reached, or a key that may not do this
"""


def add_to(commands: Any) -> None:
    """Add the command to a parser's."""
    form = argparse.RawDescriptionHelpFormatter
    parser = commands.add_parser(
        "config", help="a site's draft as a file", description=__doc__, epilog=_EPILOG, formatter_class=form
    )
    actions = parser.add_subparsers(required=True, metavar="action")
    for name, run, text in (
        ("pull", _pull, "write the draft into FILE"),
        ("diff", _diff, "tell what push would change; nothing is changed"),
        ("push", _push, "make the draft equal to FILE, and tell what changed"),
        ("check", _check, "see that FILE could be published, without any service"),
    ):
        action = actions.add_parser(name, help=text, description=text, epilog=_EPILOG, formatter_class=form)
        action.add_argument("file", metavar="FILE")
        action.set_defaults(run=run)
        if run is not _check:
            action.add_argument("--url", help="the service, like https://signpost.example")
            action.add_argument("--key", help="a secret key of the site")
        if run is _push:
            action.add_argument(
                "--if-match",
                metavar="ETAG",
                help="the draft must still have this ETag, whatever FILE.etag says",
            )
            action.add_argument("--publish", metavar="COMMENT", help="publish the draft afterwards")


def _pull(settings: Settings, options: argparse.Namespace) -> int:
    file = ConfigFile(options.file)
    with _service(settings, options) as service:
        content, etag = service.get(file.kind)
    file.write(content)
    file.remember(service.url, etag)
    return 0


def _diff(settings: Settings, options: argparse.Namespace) -> int:
    document = ConfigFile(options.file).read()
    with _service(settings, options) as service:
        changes, _ = service.compare(document, if_match=None)
    _tell(changes)
    return int(differs(changes))


def _push(settings: Settings, options: argparse.Namespace) -> int:
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


def _check(_settings: Settings, options: argparse.Namespace) -> int:
    """What can be known of a file alone: not whether an experiment that runs may become what it says."""
    document = ConfigFile(options.file).read()
    try:
        finished(checking_document(document))
        checked = finished(checking_revision(given_of(document).document, None, 1))
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
    url = (options.url or settings.url or f"http://{settings.host}:{settings.port}").rstrip("/")
    key = options.key or settings.admin_key or read_json(settings.data_dir / "keys.json").get("secret_key")
    if key is None:
        raise CommandError(2, "no key: say SIGNPOST_ADMIN_KEY or --key")
    return ConfigService(url, key)

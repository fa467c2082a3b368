"""How `signpost config` is asked."""

import argparse
from typing import Any

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
        "config",
        help="a site's draft as a file",
        description="A site's draft as a file, for people and for CI.",
        epilog=_EPILOG,
        formatter_class=form,
    )
    actions = parser.add_subparsers(required=True, metavar="action")
    for name, text in (
        ("pull", "write the draft into FILE"),
        ("diff", "tell what push would change; nothing is changed"),
        ("push", "make the draft equal to FILE, and tell what changed"),
        ("check", "see that FILE could be published, without any service"),
    ):
        action = actions.add_parser(name, help=text, description=text, epilog=_EPILOG, formatter_class=form)
        action.add_argument("file", metavar="FILE")
        action.set_defaults(run=f"config:{name}")
        if name != "check":
            action.add_argument("--url", help="the service, like https://signpost.example")
            action.add_argument("--key", help="a secret key of the site")
        if name == "push":
            action.add_argument(
                "--if-match",
                metavar="ETAG",
                help="the draft must still have this ETag, whatever FILE.etag says",
            )
            action.add_argument("--publish", metavar="COMMENT", help="publish the draft afterwards")

"""What the processes of the stack see of the world: nothing of ours but what is named here."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from local.deploy import Deployed, deployed_name
from local.template import ROOT, search_path

#: Where the pinned runtime is installed for local runs.
RUNTIME = ROOT / "layers" / "playwright" / ".runtime"

#: What people may set for a function themselves, in the environment that they start the stack in.
_PASSED = {
    "submit": ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME", "MATINEE_REQUESTS_PER_MINUTE"),
    "run_test": ("MATINEE_SANDBOX", "MATINEE_MEMORY_MB", "MATINEE_DISK_MB", "MATINEE_EGRESS", "MATINEE_EGRESS_ALLOW"),
    "merge_report": ("MATINEE_SANDBOX",),
    "sweep": ("MATINEE_RETENTION_DAYS",),
}
#: Those that encrypt variables, or decrypt them.
_WITH_KEY = {"submit", "run_test"}
#: What is otherwise on a laptop than in a bundle or an image.
_PLACES = {
    "submit": {"MATINEE_PARSER": str(RUNTIME / "node_modules" / "@babel" / "parser" / "lib" / "index.js")},
    # To test what runs on localhost or in an intranet is why people have this on a laptop.
    "run_test": {"MATINEE_RUNTIME": str(RUNTIME), "MATINEE_EGRESS": "open"},
    "merge_report": {"MATINEE_RUNTIME": str(RUNTIME)},
}


def for_function(
    name: str,
    deployed: Deployed,
    *,
    aws: Mapping[str, str],
    database_url: str,
    scratch: Path,
    vault_key: Path,
    own: str = "",
) -> dict[str, str]:
    """Give the environment of a worker of function `name`: the deployed function's own, and how to reach AWS and Postgres.

    Scripts reach nothing of what is in `own`, places of the stack's (local/own.py).
    """
    return {
        **_base(scratch),
        "AWS_LAMBDA_FUNCTION_NAME": deployed_name(name),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployed.memory_mb),
        "MATINEE_FUNCTION_ARN": deployed.arn,
        **_own(name, deployed, aws, database_url, vault_key),
        **({"MATINEE_EGRESS_OWN": own} if name == "run_test" else {}),
    }


def for_http(
    functions: Mapping[str, Deployed],
    *,
    aws: Mapping[str, str],
    database_url: str,
    scratch: Path,
    report_origins: str,
    vault_key: Path,
) -> dict[str, str]:
    """Give the environment of the process that serves the HTTP functions together: all of theirs."""
    environment = _base(scratch)
    for name, deployed in functions.items():
        environment |= _own(name, deployed, aws, database_url, vault_key)
    return environment | {"POWERTOOLS_SERVICE_NAME": "http", "MATINEE_REPORT_ORIGINS": report_origins}


def _own(name: str, deployed: Deployed, aws: Mapping[str, str], database_url: str, vault_key: Path) -> dict[str, str]:
    # Who is given the secret with the database's URL in the cloud is given the URL here; nobody else is.
    database = {"DATABASE_URL": database_url} if "DATABASE_SECRET" in deployed.environment else {}
    key = {"MATINEE_KEY_FILE": str(vault_key)} if name in _WITH_KEY else {}
    return {
        **deployed.environment,
        **database,
        **key,
        **_PLACES.get(name, {}),
        **_set_here(_PASSED.get(name, ())),
        **aws,
    }


def _set_here(names: Iterable[str]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}


def _base(scratch: Path) -> dict[str, str]:
    return {
        "PATH": search_path(),
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
    }

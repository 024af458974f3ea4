"""What people may set for a deployment."""

from pathlib import Path

import pytest

from infra.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ("run_memory = 4096", "run_memory"),
        ("run_memory_mb = 100", "run_memory_mb"),
        ('run_memory_mb = "4096"', "run_memory_mb"),
        ("run_reserve_mb = 3008", "run_reserve_mb"),
        ('database = "mysql"', "database"),
        ('name = "Matinee!"', "name"),
        ('domain_name = "tests.example.com"', "certificate_arn"),
        ("endpoint_zones = 3", "endpoint_zones"),
        ("vault = false", "vault"),
        ("run_pollers = 1", "run_pollers"),
        ("log_retention_days = 31", "log_retention_days"),
        ("run_memory_mb = ", "cannot be read"),
        ('oidc_issuer = "http://issuer.example.com"', "oidc_issuer"),
        ('oidc_issuer = "https://issuer.example.com"', "oidc_client_id"),
        ('oidc_issuer = "https://issuer.example.com"\noidc_client_id = "matinee"', 'database = "external"'),
    ],
)
def test_a_setting_that_cannot_be_is_named(tmp_path: Path, told: str, named: str) -> None:
    """Before anything is built: AWS would say so half an hour later."""
    file = tmp_path / "matinee.toml"
    file.write_text(told)

    with pytest.raises(SettingsError, match=named):
        Settings.read(file)


def test_settings_that_are_not_told_keep_their_defaults(tmp_path: Path) -> None:
    file = tmp_path / "matinee.toml"
    file.write_text('database = "external"\nrun_concurrency = 50\n')

    read = Settings.read(file)
    assert ("external", 50, 3008) == (read.database, read.run_concurrency, read.run_memory_mb)


def test_what_is_deployed_to_localstack_can_be() -> None:
    assert "external" == Settings.read(Path(__file__).parents[2] / "infra" / "localstack.toml").database


def test_every_setting_is_in_the_manual() -> None:
    """docs/operations.md, one table."""
    manual = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")

    assert [] == [name for name in Settings.model_fields if f"`{name}`" not in manual]

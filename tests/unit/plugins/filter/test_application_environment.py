"""What an application's containers get as environment."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.aisha.cluster.plugins.filter.application_environment import application_environment


def test_services_come_whole_and_in_parts() -> None:
    made = application_environment(
        {"DEBUG": True, "S3_REGION": "own"},
        {"TELEGRAM_API_URL": "http://127.0.0.1:8081", "TELEGRAM_PROXY": "", "S3_REGION": "common"},
        database="postgresql+asyncpg://bot:p@ss@db.example.com/app?ssl=require",
        redis="rediss://:word@redis.example.com:6380/3",
    )
    assert made == {
        "TELEGRAM_API_URL": "http://127.0.0.1:8081",
        "DATABASE_URL": "postgresql+asyncpg://bot:p@ss@db.example.com/app?ssl=require",
        "POSTGRES_HOST": "db.example.com",
        "POSTGRES_PORT": "5432",
        "POSTGRES_DB": "app",
        "POSTGRES_USER": "bot",
        "POSTGRES_PASSWORD": "p@ss",
        "REDIS_URL": "rediss://:word@redis.example.com:6380/3",
        "REDIS_HOST": "redis.example.com",
        "REDIS_PORT": "6380",
        "REDIS_PASSWORD": "word",
        "S3_REGION": "own",
        "DEBUG": "true",
    }


@pytest.mark.parametrize(
    ("database", "redis", "names"),
    [
        ("", "", set()),
        # The application's own business, or a fault that the validation names: whole, and not in parts.
        ("sqlite:///data/bot.db", "", {"DATABASE_URL"}),
        ("postgresql://", "redis+sentinel://a,b/lease", {"DATABASE_URL", "REDIS_URL"}),
    ],
)
def test_what_has_no_parts_leaves_no_empty_variables(database: str, redis: str, names: set[str]) -> None:
    made = application_environment({}, {}, database=database, redis=redis)
    assert "" not in made.values()
    assert set(made) - {"POSTGRES_PORT", "REDIS_PORT"} == names


def test_the_applications_own_have_to_be_variables() -> None:
    with pytest.raises(AnsibleFilterError, match="expected a dictionary"):
        application_environment(["DEBUG"], {})

"""What the compose files promise without being run."""

import re

import pytest
import yaml

from tests.deployments.machines.compose_file import FOLDER, read_example, read_services

PROJECT = FOLDER.parents[1]
FILLED = {name: value or f"given-{name}" for name, value in read_example().items()}
SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "PREFECT_PASSWORD", "CHATLEDGER_SECRET_KEY")


@pytest.fixture(scope="module")
def services():
    return read_services(FILLED)


def test_every_image_has_a_fixed_version_and_no_registry(services):
    images = {service.image for service in services.values()}
    images |= set(re.findall(r"^FROM (\S+)", (FOLDER / "Dockerfile").read_text("utf-8"), re.MULTILINE))
    for image in images:
        assert re.fullmatch(r"[a-z]+:\d+\.\d+[\w.-]*", image), image


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_that_is_not_set_keeps_everything_from_starting(secret):
    with pytest.raises(KeyError, match=secret):
        read_services(FILLED | {secret: ""})


def test_no_secret_stands_in_the_files():
    text = (FOLDER / "compose.yaml").read_text("utf-8")
    for secret in SECRETS:
        assert f"${{{secret}" in text
        assert read_example()[secret] == ""
    assert not re.findall(r"//[^$\s]*:[^$/\s]+@", text)


def test_ports_are_published_on_this_machine_alone(services):
    published = {name: service.ports for name, service in services.items() if service.ports}
    assert set(published) == {"web", "prefect-api"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_api_servers_and_services_share_messages_order_leases_and_work_by_redis(services):
    for name in ("prefect-api", "prefect-services"):
        environment = services[name].environment
        assert environment["PREFECT_SERVER_EVENTS_MESSAGING_BROKER"] == "prefect_redis.messaging"
        assert environment["PREFECT_SERVER_EVENTS_MESSAGING_CACHE"] == "prefect_redis.messaging"
        assert environment["PREFECT_SERVER_EVENTS_CAUSAL_ORDERING"] == "prefect_redis.ordering"
        assert environment["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"] == "prefect_redis.lease_storage"
        assert environment["PREFECT_SERVER_DOCKET_URL"].startswith("redis://")
        assert environment["PREFECT_SERVER_DATABASE_MIGRATE_ON_START"] == "false"
    assert "--no-services" in services["prefect-api"].command


def test_the_server_keeps_and_batches_like_the_one_that_serve_starts(services, tmp_path):
    from deployments.embedded_prefect.environment import server_environment

    own = server_environment(tmp_path, "http://127.0.0.1:4200/api", scheduling=True)
    shared = {name: value for name, value in own.items() if name.startswith("PREFECT_SERVER_")}
    assert shared.items() <= services["prefect-services"].environment.items()


def test_the_image_holds_no_settings_of_an_installation():
    ignored = (FOLDER.parents[1] / ".dockerignore").read_text("utf-8").splitlines()  # every builder reads this one
    assert {".venv", ".chatledger", "deployments/compose", "**/.env", "**/*.backup", "**/*.sql"} <= set(ignored)


def test_what_a_service_writes_lies_where_its_user_may_write(services):
    written = ("PREFECT_HOME", "CHATLEDGER_HOME", "PREFECT_SERVER_UI_STATIC_DIRECTORY")
    named = [service.environment[name] for service in services.values() for name in written if name in service.environment]
    assert "PREFECT_SERVER_UI_STATIC_DIRECTORY" in services["prefect-api"].environment
    assert all(path.startswith("/var/lib/chatledger/") for path in named)


def test_postgresql_counts_as_healthy_only_once_it_answers_by_tcp():
    document = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
    asked = document["services"]["postgres"]["healthcheck"]["test"]
    assert asked[asked.index("-h") + 1] == "127.0.0.1"


def test_every_setting_of_the_example_is_used():
    text = (FOLDER / "compose.yaml").read_text("utf-8")
    document = yaml.safe_load(text)
    read_from_env_file = {"CHATLEDGER_PUBLIC_URL"}
    assert document["services"]["web"]["env_file"] == [".env"]
    assert all(f"${{{name}" in text for name in set(read_example()) - read_from_env_file)

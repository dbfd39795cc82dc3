"""How an organisation is deployed to a work pool."""

from datetime import timedelta

from deployments.serving.deploying import Served, deployments_of

NORTE = Served("norte", active=True, timezone="America/Bogota")
MINUTE = timedelta(minutes=1)


def test_a_worker_imports_installed_flows_and_copies_no_folder_of_another_machine():
    for deployment in deployments_of(NORTE, MINUTE, "chatledger"):
        assert deployment.work_pool_name == "chatledger"
        assert ":" not in deployment.entrypoint
        assert deployment.storage.to_pull_step() == {"prefect.deployments.steps.set_working_directory": {"directory": "/"}}


def test_without_a_pool_the_deployments_belong_to_serve_itself():
    for deployment in deployments_of(NORTE, MINUTE):
        assert (deployment.work_pool_name, deployment.storage) == (None, None)

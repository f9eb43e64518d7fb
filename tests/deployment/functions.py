"""infra/functions/host.json: the site as custom handler of Azure Functions: `make test-deployment`.

The test does what the Functions host does: it starts the program with FUNCTIONS_CUSTOMHANDLER_PORT in the application
folder, and forwards requests unchanged (`enableProxying`).
https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers
"""

import json
import os
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

from localazure import LocalAzure
from tests.deployment.templates import INFRA
from tests.support.leak_checks import ends
from tests.support.serving import free_port, status

HOST = "kvsite.azurewebsites.net"
FRONT_END = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9:50123"}


def test_custom_handler__listens_on_the_port_of_the_functions_host_only() -> None:
    document = json.loads((INFRA / "functions" / "host.json").read_text())
    handler = document["customHandler"]["description"]
    port = free_port()
    with LocalAzure("app-service") as azure:
        env = {
            **os.environ,
            **azure.env,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "FUNCTIONS_CUSTOMHANDLER_PORT": str(port),
            "PORT": "1",
            "WEBSITE_SITE_NAME": "kvsite",
            "WEBSITE_HOSTNAME": HOST,
            "KVSITE_ACCESS": "open",
            "KVSITE_SECRET_KEY": "k" * 60,
        }
        command = [handler["defaultExecutablePath"], *handler["arguments"]]
        with subprocess.Popen(command, env=env, cwd=INFRA.parent, stderr=subprocess.DEVNULL) as process:
            try:
                assert ends(lambda: status("127.0.0.1", port, "/healthz") == 200)
                assert status("127.0.0.2", port, "/healthz") == 0
                with closing(HTTPConnection("127.0.0.1", port, timeout=50)) as connection:
                    connection.request("GET", "/api/reading", headers=FRONT_END)
                    reading = json.loads(connection.getresponse().read())
            finally:
                process.terminate()
        assert process.wait(30) == 0
    assert (reading["ok"], reading["principal"]["kind"]) == (True, "system_assigned_managed_identity")


def test_requests__reach_the_site_at_every_path() -> None:
    document = json.loads((INFRA / "functions" / "host.json").read_text())
    http = document["customHandler"]["http"]
    assert document["extensions"]["http"]["routePrefix"] == ""  # not /api
    assert http["enableProxying"]
    assert http["routes"] == [{"route": "{*route}"}]

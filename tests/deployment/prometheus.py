"""A real Prometheus scrapes the site: `make test-prometheus`, where the program `prometheus` is installed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from localazure import LocalAzure
from tests.support.leak_checks import ends
from tests.support.serving import free_port, status

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "scraper-0123456789abcdef"
CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: principal-used
    metrics_path: /metrics
    authorization: {{credentials: {token}}}
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def query(port: int, expression: str) -> list[dict[str, str]]:
    """The labels of the series that match, which Prometheus has stored."""
    with urlopen(f"http://127.0.0.1:{port}/api/v1/query?query={expression}", timeout=20) as answer:
        return [series["metric"] | {"value": series["value"][1]} for series in json.load(answer)["data"]["result"]]


def test_prometheus__stores_the_cause(tmp_path: Path) -> None:
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("NOT TESTED: the program prometheus is not installed (Debian: apt-get install prometheus)")
    site_port, port = free_port(), free_port()
    (tmp_path / "prometheus.yml").write_text(CONFIGURATION.format(token=TOKEN, port=site_port))
    site = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{site_port}", "kvsite.wsgi"]
    scraper = [program, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
               f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
    quiet = subprocess.DEVNULL
    with LocalAzure("no-role") as azure:
        # Not `loopback`: the token alone admits the scraper.
        env = {**os.environ, **azure.env, "KVSITE_METRICS_TOKEN": TOKEN, "KVSITE_ACCESS": "easy-auth"}
        with (
            subprocess.Popen(site, cwd=ROOT, env=env, stdout=quiet, stderr=quiet) as server,
            subprocess.Popen(scraper, stdout=quiet, stderr=quiet) as prometheus,
        ):
            try:
                assert ends(lambda: status("127.0.0.1", port, "/-/ready") == 200, within_s=60)
                assert ends(lambda: bool(query(port, "principal_used_cause_info")), within_s=60)
                (series,) = query(port, "principal_used_cause_info")
                assert (series["cause"], series["vault"], series["value"]) == ("kv_rbac_denied", "contoso", "1")
                assert [each["value"] for each in query(port, "principal_used_reading_ok")] == ["0"]
            finally:
                prometheus.terminate()
                server.terminate()
    assert status("127.0.0.1", site_port, "/healthz") == 0

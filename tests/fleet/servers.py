"""PostgreSQL and Redis of this machine, started for a test on free ports in a folder of its own."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

LIMIT_S = 60


def find_postgresql() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps them out of PATH."""
    found = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    on_path = shutil.which("initdb")
    return next((folder for folder in found if (folder / "initdb").exists()), Path(on_path).parent if on_path else None)


def wait_for(what: str, condition: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
    """Wait until `condition` holds. Raises AssertionError."""
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, f"{what}: not within {limit_s} s"
        time.sleep(0.1)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


class Server:
    """One server process, which can be killed and started again on its port."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process
        return self._process.pid

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def start(self) -> None:
        self._spawn()
        wait_for(f"{type(self).__name__} listens", self._listens)

    def _spawn(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, **self.options())

    def _listens(self) -> bool:
        """A server that could not start, as PostgreSQL while a child of the killed one is alive, is started again."""
        if self._process and self._process.poll() is not None:
            self._spawn()
        return _accepts(self.port)

    def options(self) -> dict[str, object]:
        return {}

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        if self._process:
            self._process.kill()
            self._process.wait(LIMIT_S)


class Redis(Server):
    """Keeps its messages over a restart, as a broker should."""

    def command(self) -> Sequence[str]:
        return ("redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder),
                "--appendonly", "yes", "--appendfsync", "always", "--save", "")  # fmt: skip

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


class PostgreSQL(Server):
    """A new cluster with a password. PostgreSQL refuses to run as root, so root starts it as `nobody`."""

    password = "password-of-the-database"

    def __init__(self, folder: Path, programs: Path) -> None:
        super().__init__(folder)
        self._programs = programs
        if os.getuid() == 0:
            user = pwd.getpwnam("nobody")
            os.chown(folder, user.pw_uid, user.pw_gid)
            folder.chmod(0o700)
            self._open_parents()
        self._run("initdb", "--pgdata", str(self.data), "--auth=trust", "--username=kvsite", "--no-sync", "--locale=C")

    def _open_parents(self) -> None:
        """For `nobody`. Each time: another pytest that starts closes the folder of all of them."""
        for parent in self.folder.parents[:4]:  # pytest-xdist adds one
            parent.chmod(parent.stat().st_mode | 0o055)

    def _spawn(self) -> None:
        if os.getuid() == 0:
            self._open_parents()
        super()._spawn()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def options(self) -> dict[str, object]:
        return {"user": "nobody"} if os.getuid() == 0 else {}

    def command(self) -> Sequence[str]:
        return (str(self._programs / "postgres"), "-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1",
                "-k", str(self.folder), "-c", "fsync=off", "-c", "log_statement=all")  # fmt: skip

    def kill(self) -> None:
        """SIGKILL ends the server only; its children end by themselves, and remove nothing that blocks a restart."""
        super().kill()
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def start(self) -> None:
        wait_for("the port is free again", lambda: not _accepts(self.port))
        super().start()
        wait_for("PostgreSQL is ready", self._is_ready)

    def create_database(self, name: str = "kvsite") -> None:
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "kvsite", name)

    def _is_ready(self) -> bool:
        command = (str(self._programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(self.port), "-q")
        return subprocess.run(command, check=False).returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            (str(self._programs / program), *arguments), check=True, stdout=subprocess.DEVNULL, cwd=self.folder,
            **self.options(),
        )  # fmt: skip

    @property
    def url(self) -> str:
        return f"postgresql://kvsite:{self.password}@127.0.0.1:{self.port}/kvsite"


RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Debian's wrapper in PATH changes the user."""


class RabbitMQ(Server):
    """A node with a name, a cookie and a port mapper of its own, so that it finds no other one of this machine."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._mapper_port, self._node_port = free_port(), free_port()

    def command(self) -> Sequence[str]:
        return (str(RABBITMQ),)

    def options(self) -> dict[str, object]:
        return {"env": self._environ, "start_new_session": True}

    @property
    def _environ(self) -> dict[str, str]:
        folder = str(self.folder)
        return {
            "PATH": os.environ["PATH"], "HOME": folder, "RABBITMQ_NODENAME": f"test-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._node_port), "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_MNESIA_BASE": folder, "RABBITMQ_LOG_BASE": folder,
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins", "RABBITMQ_CONF_ENV_FILE": f"{folder}/none",
            "RABBITMQ_SCHEDULER_BIND_TYPE": "u", "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
        }  # fmt: skip

    def kill(self) -> None:
        """SIGKILL to the node, which is a child of a shell, and the end of its port mapper."""
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(LIMIT_S)
            wait_for("the node has ended", lambda: not _accepts(self.port))
            subprocess.run(("epmd", "-kill"), env=self._environ, check=False, stdout=subprocess.DEVNULL)

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

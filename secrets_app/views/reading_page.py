"""The pages with a reading."""

from dataclasses import dataclass
from typing import Any

from secrets_app.conf.request import ReadRequest, SecretTarget, TokenTarget, TokenVaultTarget
from secrets_app.core.reading import Reading
from secrets_app.doctor import translation
from secrets_app.output.page import WATCH_RELOADS, WaitingPicture, waiting_picture
from secrets_app.service import detect_host, diagnose, progress, start_reading
from secrets_app.views.streaming import StreamedPage, Within, within


@dataclass(frozen=True, kw_only=True)
class TokenPage(StreamedPage[Reading]):
    """A page with a reading of a token: the token check, Token Vault."""

    read_request: ReadRequest
    query: str = ""
    """Query string that repeats the request."""
    refresh: bool = False

    def start(self) -> Within[Reading]:
        return start_reading(self.read_request, refresh=self.refresh).within

    def values(self, answer: Reading) -> dict[str, Any]:
        return {"reading": answer, "diagnosis": diagnose(answer, self.read_request)}

    def common(self) -> dict[str, Any]:
        return {**super().common(), "query": self.query}

    def waiting(self) -> WaitingPicture:
        return waiting_for(self.read_request)


@dataclass(frozen=True, kw_only=True)
class ReadingPage(TokenPage):
    """The home page and Get Secret."""

    fragment: str = "secrets_app/_reading.html"
    identity: str = ""
    watch: int = 0
    """How often the page reloads until the secret can be read."""

    rest_fragment = "secrets_app/_related.html"

    @property
    def is_whole(self) -> bool:
        """A page that reloads needs the answer for its title, and meanwhile the browser shows the previous one."""
        return bool(self.watch) or super().is_whole

    def values(self, answer: Reading) -> dict[str, Any]:
        return {
            **super().values(answer),
            "translation": translation(self.read_request.config, answer.place),
            "watch": 0 if answer.ok else self.watch,
        }

    def common(self) -> dict[str, Any]:
        return {
            **super().common(),
            "page": f"secrets_app:{self.name}",
            "identity": self.identity,
            "watch_reloads": WATCH_RELOADS,
        }

    def rest(self, answer: Reading) -> Within[dict[str, Any]]:
        """The problems of this machine that the reading does not explain."""
        if answer.failure is None:
            return lambda _: {"related": ()}
        from secrets_app.doctor.service import start_related_checks, unexplained_problems  # only a failure needs them

        wait = within(start_related_checks(answer, self.read_request))

        def related(seconds: float | None) -> dict[str, Any] | None:
            checks = wait(seconds)
            if checks is None:
                return None
            return {"related": unexplained_problems(checks, diagnose(answer, self.read_request))}

        return related


def waiting_for(request: ReadRequest) -> WaitingPicture:
    """What a reading in progress waits for."""
    so_far = progress(request)
    left_s = so_far.left_s if so_far else request.config.deadline_s
    target: tuple[str | None, str | None] | None = None
    match request.target:
        case SecretTarget(vault_url=vault_url, name=name):
            title, target = " ".join(filter(None, ("Reading the secret", name))), (vault_url, name)
        case TokenTarget():
            title = "Requesting a token"
        case TokenVaultTarget():
            title = "Reading the token from Token Vault"
    return waiting_picture(title, target, detect_host(), so_far, left_s)

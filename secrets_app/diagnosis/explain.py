"""Explains a pasted error text: its causes and hints."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from textwrap import shorten
from typing import Any, NamedTuple

from secrets_app.core.reading import SCHEMA_VERSION, UNEXPECTED, Certainty, Hint, HostEnvironment
from secrets_app.diagnosis.case_values import command_values_from_text
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.cause import Area
from secrets_app.diagnosis.chain_message import (
    is_default_chain,
    parse_attempts,
    text_after_token,
    text_outside,
    tried_several,
)
from secrets_app.diagnosis.command_values import HintContext
from secrets_app.diagnosis.evidence import ChainAttempt, Evidence
from secrets_app.diagnosis.extraction import evidence_in, extract_evidence, layers_of
from secrets_app.diagnosis.hints import tailored_hint
from secrets_app.diagnosis.matching import NOTHING_MATCHES, Match, match_causes, may_guess
from secrets_app.diagnosis.normalize import MAX_BYTES, NormalizedText
from secrets_app.diagnosis.ranking import (
    DEFAULT_CHAIN,
    Member,
    match_of_member,
    most_relevant_failure,
    untried_credentials,
)
from secrets_app.diagnosis.records import Weight, split_records
from secrets_app.diagnosis.similarity import Index, most_similar
from secrets_app.diagnosis.unknown import describe

UNKNOWN_HOST = HostEnvironment()
_EXCERPT = 240
"""Characters shown of one error of a log, and of a similar text."""
_MEMBER_NAME = re.compile(r"\b[A-Z][A-Za-z]{2,40}Credential\b")


@dataclass(frozen=True, kw_only=True)
class FoundError:
    """One of the errors in a log."""

    cause: str
    certainty: Certainty | None
    text: str
    """The record, normalized, redacted and shortened."""


_CONSEQUENCES = frozenset({"interactive_not_possible"})
"""Causes of errors that follow from the one above them in a log."""


_FOOTERS = frozenset({Match("az_not_logged_in", Certainty.LIKELY)})
"""What a tool says below every error: Azure CLI asks for another sign-in."""


class _LoggedError(NamedTuple):
    error: FoundError
    weight: Weight


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The causes of an error text, with their hints."""

    causes: tuple[str, ...]
    """Keys of the catalog, the main cause first; `("unexpected",)` if nothing matches."""
    hints: tuple[Hint, ...]
    """One for each of `causes`, in the same order."""
    evidence: Evidence
    text: str
    """The text, normalized and redacted."""
    errors: tuple["FoundError", ...] = ()
    """The errors of a log with several, each with its cause, in the order of `causes`; empty for a single error."""

    @property
    def certainty(self) -> Certainty | None:
        """How sure the main cause is; None if there is none."""
        return self.hints[0].certainty


def explain(
    text: str,
    *,
    exception: str | None = None,
    http_status: int | None = None,
    error_code: str | None = None,
    index: Index | None = None,
) -> Explanation:
    """The causes of the error `text`. Uses at most MAX_BYTES characters of it. Never raises.

    `index`: the known texts for guesses, if not all of the catalog's.
    """
    evidence = extract_evidence(text, exception=exception, status=http_status, code=error_code)
    attempts = parse_attempts(evidence.text)
    evidence = evidence.with_attempts(attempts)
    matches, details = _matches(evidence, attempts, index)
    log = _errors_in_log(text)
    errors = tuple(logged.error for logged in log.values())
    matches = _with_errors(matches, errors, None if attempts else _fatal_cause(log))
    order = {match.cause: number for number, match in enumerate(matches)}
    return Explanation(
        causes=tuple(order),
        hints=_hints(matches, details, evidence, attempts),
        evidence=evidence.shareable() if evidence.unredacted else evidence,
        text=evidence.text,
        errors=tuple(sorted(errors, key=lambda error: order[error.cause])),
    )


def _hints(
    matches: tuple[Match, ...],
    details: Mapping[str, str],
    evidence: Evidence,
    attempts: tuple[ChainAttempt, ...],
) -> tuple[Hint, ...]:
    """One hint for each cause, with the values of the text."""
    # The chain stopped at the last member that it tried.
    last = match_of_member(attempts[-1].message, attempts[-1].credential) if attempts else None
    context = HintContext(
        command_values=command_values_from_text(evidence),
        evidence=evidence,
        failed_is_first=last is not None and last.cause == matches[0].cause,
    )
    hints = (
        tailored_hint(CAUSES[key], context, detail=details.get(key, ""), certainty=certainty)
        for key, certainty in matches
    )
    return tuple(describe(hint, evidence) if hint.cause == UNEXPECTED else hint for hint in hints)


def _errors_in_log(text: str) -> dict[str, "_LoggedError"]:
    """Cause -> the last error of a log with this cause and the heaviest weight; empty for fewer than two causes."""
    found: dict[str, _LoggedError] = {}
    last: _LoggedError | None = None
    for record in split_records(text[:MAX_BYTES]):
        evidence = extract_evidence(record.text)
        match = next(iter(match_causes(evidence)), NOTHING_MATCHES)
        is_footer = last is not None and match in _FOOTERS
        is_noise = match == NOTHING_MATCHES or CAUSES[match.cause].is_noise or _MEMBER_NAME.search(evidence.text)
        if match.certainty in (Certainty.SURE, Certainty.LIKELY) and not is_noise and not is_footer:
            excerpt = shorten(evidence.text, _EXCERPT, placeholder=" ...")
            error = FoundError(cause=match.cause, certainty=match.certainty, text=excerpt)
            heaviest = max(record.weight, found[match.cause].weight if match.cause in found else record.weight)
            found.pop(match.cause, None)
            found[match.cause] = _LoggedError(error, heaviest)
            last = found[match.cause] if match.cause not in _CONSEQUENCES or last is None else last
        elif record.weight is Weight.FATAL and match == NOTHING_MATCHES and last:
            # "Exited with code 1" ends the program because of the error above it.
            found[last.error.cause] = last._replace(weight=Weight.FATAL)
    return found if len(found) > 1 else {}


def _fatal_cause(log: Mapping[str, "_LoggedError"]) -> str | None:
    """The cause of the error that ended the program, otherwise of one that was no warning and not repeated.

    None if no error is heavier than the others: then the strongest match decides, as in any other text.
    """
    weights = {logged.weight for logged in log.values()}
    if len(weights) < 2:
        return None
    return [cause for cause, logged in log.items() if logged.weight is max(weights)][-1]


def _with_errors(matches: tuple[Match, ...], errors: tuple[FoundError, ...], main: str | None) -> tuple[Match, ...]:
    """The matches and those of the log's errors: a log has several causes. `main` comes first."""
    if not errors:
        return matches
    known = matches if matches != (NOTHING_MATCHES,) else ()
    found = distinct([*known, *(Match(error.cause, error.certainty) for error in reversed(errors))])
    return tuple(sorted(found, key=lambda match: match.cause != main))


NONE_AVAILABLE = Match("no_credential_available", Certainty.SURE)


def _matches(
    evidence: Evidence, attempts: tuple[ChainAttempt, ...], index: Index | None
) -> tuple[tuple[Match, ...], dict[str, str]]:
    if not attempts:
        return _without_chain(evidence, index)
    if after_token := _matches_after_token(evidence):
        return after_token, {}
    found = [_on_its_system(match_of_member(a.message, a.credential), evidence) for a in attempts]
    members = [Member(credential=a.credential, cause=m.cause) for a, m in zip(attempts, found, strict=True)]
    certainties = {match.cause: match.certainty for match in reversed(found)}
    main = most_relevant_failure(members, UNKNOWN_HOST, alone=not tried_several(evidence.text))
    if all(member.cause == UNEXPECTED for member in members):
        if evidence.aadsts and (rejected := match_causes(evidence)):
            return rejected, {}  # the code stands in an inner exception, behind the member's own message
        main = None if tried_several(evidence.text) else main
    matches = [Match(main.cause, certainties[main.cause]) if main else NONE_AVAILABLE]
    if main is None or CAUSES[main.cause].is_noise:
        matches = [*_matches_outside(evidence), *matches]
    untried = untried_credentials(members[-1], _credentials_after(members, evidence)) if main else ""
    if untried:
        matches.append(Match("chain_stopped_early", Certainty.SURE))
    matches += [match for match in found if match.cause != UNEXPECTED]
    return distinct(matches), {"chain_stopped_early": untried}


def _without_chain(evidence: Evidence, index: Index | None) -> tuple[tuple[Match, ...], dict[str, str]]:
    if matches := match_causes(evidence):
        return matches, {}
    similar = most_similar(evidence, index) if may_guess(evidence) else None
    if similar is None:
        return (NOTHING_MATCHES,), {}
    example = shorten(similar.text, _EXCERPT, placeholder=" ...")
    detail = f"No code and no sentence in the text tells the cause. Similar to this known error: {example}"
    return (Match(similar.cause, Certainty.GUESS),), {similar.cause: detail}


def _on_its_system(match: Match, evidence: Evidence) -> Match:
    """A Windows variable that is missing on Linux or macOS, where no program needs it, explains nothing."""
    is_posix = any(shell in evidence.text for shell in ("/bin/bash", "/bin/sh", "sh: "))
    if match.cause == "process_environment_missing" and is_posix:
        return match._replace(cause="visual_studio_credential")
    return match


def distinct(matches: Iterable[Match]) -> tuple[Match, ...]:
    """The matches without later ones of the same cause."""
    first: dict[str, Match] = {}
    for match in matches:
        first.setdefault(match.cause, match)
    return tuple(first.values())


def _matches_after_token(evidence: Evidence) -> tuple[Match, ...]:
    """Causes of a failure after a credential returned a token, as a log may show them below the chain's attempts.

    An error from the vault counts even if the log does not mention the token: the request needed one.
    """
    later_text = text_after_token(evidence.text)
    if later_text is not None:
        # Not `explain`: it would remove another layer of escapes, which could contain another such line, and so on.
        later = evidence_in(NormalizedText(later_text, frames=""))
        attempts = parse_attempts(later.text)
        return _matches(later.with_attempts(attempts), attempts, index=None)[0]
    return tuple(match for match in match_causes(evidence) if CAUSES[match.cause].area is Area.VAULT)


def _matches_outside(evidence: Evidence) -> tuple[Match, ...]:
    """Causes of a refusal by Microsoft Entra ID, or of no connection to it, beside a chain that explains nothing.

    A program may try a credential of its own and then a chain: it prints both.
    """
    outside = text_outside(evidence.text)
    if not outside or not any(words in outside for words in _TOKEN_REQUESTS):
        return ()
    found = match_causes(evidence_in(NormalizedText(outside, frames="")))
    return tuple(match for match in found if CAUSES[match.cause].area in (Area.ENTRA, Area.NETWORK))[:1]


_TOKEN_REQUESTS = ("AADSTS", "login.microsoftonline.", "login.partner.microsoftonline.", "sts.windows.net")


def _credentials_after(members: list[Member], evidence: Evidence) -> tuple[str, ...]:
    last = members[-1].credential
    if not is_default_chain(evidence.text) or last not in DEFAULT_CHAIN:
        return ()
    return DEFAULT_CHAIN[DEFAULT_CHAIN.index(last) + 1 :]


TOO_LONG_MESSAGE = (
    f"The text is longer than {MAX_BYTES // 1024} KiB. Paste only the last part, which contains the error."
)


class TooLongError(ValueError):
    """The text exceeds MAX_BYTES."""


@dataclass(frozen=True, kw_only=True)
class ErrorReport:
    """An error's text and, where known, its class, HTTP status and error code."""

    message: str
    exception: str | None = None
    """Dotted name of the exception class."""
    http_status: int | None = None
    error_code: str | None = None

    def explanation(self) -> Explanation:
        """Its causes and hints. Raises TooLongError."""
        if len(self.message.encode("utf-8", errors="replace")) > MAX_BYTES:
            raise TooLongError(TOO_LONG_MESSAGE)
        return explain(self.message, exception=self.exception, http_status=self.http_status, error_code=self.error_code)


_FIELDS: dict[str, tuple[type, ...]] = {
    "message": (str,),
    "exception": (str, type(None)),
    "http_status": (int, type(None)),
    "error_code": (str, type(None)),
}


def parse_error_report(document: Any) -> ErrorReport:
    """The error in one JSON object; unknown keys are ignored. Raises ValueError with a message for the user."""
    if not isinstance(document, dict):
        raise ValueError(  # noqa: TRY004 - a ValueError like the other errors in a document
            "The input must be a JSON object with the error text in `message`."
        )
    if "message" not in document:
        raise ValueError("The JSON object has no `message`.")
    for name, types in _FIELDS.items():
        value = document.get(name)
        if name in document and (not isinstance(value, types) or isinstance(value, bool)):
            raise ValueError(f"`{name}` must be {'a number' if int in types else 'a string'}.")
    return ErrorReport(**{name: document[name] for name in _FIELDS if name in document})


def explanation_json(report: ErrorReport) -> dict[str, Any]:
    """The explanation as plain JSON values. Raises TooLongError."""
    explanation = report.explanation()
    return {
        "schema_version": SCHEMA_VERSION,
        "causes": list(explanation.causes),
        "certainty": explanation.certainty,
        "hints": [asdict(hint) for hint in explanation.hints],
        "evidence": explanation.evidence.as_json() | {"layers": list(map(asdict, layers_of(explanation.evidence)))},
        "errors": [asdict(error) for error in explanation.errors],
        "text": explanation.text,
    }

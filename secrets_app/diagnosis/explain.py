"""Explains a pasted error text: its causes and hints."""

from dataclasses import dataclass
from functools import lru_cache

from secrets_app.core.reading import UNEXPECTED, Hint, HostEnvironment
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.cause import Area
from secrets_app.diagnosis.chain_message import after_the_token, attempts_of, is_default_chain
from secrets_app.diagnosis.command_values import CommandValues
from secrets_app.diagnosis.evidence import ChainAttempt, Evidence
from secrets_app.diagnosis.extraction import extract_evidence
from secrets_app.diagnosis.hints import facts_of_text, hint_of_case
from secrets_app.diagnosis.matching import match_causes
from secrets_app.diagnosis.ranking import DEFAULT_CHAIN, Member, most_relevant_failure, untried_credentials
from secrets_app.diagnosis.tailoring import HintContext

UNKNOWN_HOST = HostEnvironment()


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What an error text means."""

    causes: tuple[str, ...]
    """Keys of the catalogue, the main cause first; `("unexpected",)` if nothing matches."""
    hints: tuple[Hint, ...]
    """One for each of `causes`, in the same order."""
    evidence: Evidence
    text: str
    """The text, cleaned and redacted."""


def explain(
    text: str, *, exception: str | None = None, http_status: int | None = None, error_code: str | None = None
) -> Explanation:
    """What the error `text` means. Accepts any text, of which the first 256 KiB are used. Never raises."""
    evidence = extract_evidence(text, exception=exception, status=http_status, code=error_code)
    attempts = attempts_of(evidence.text)
    evidence = evidence.with_attempts(attempts)
    causes, more = _causes(evidence, attempts)
    # The chain stopped at the last member that it tried.
    first = bool(attempts) and cause_of_member(attempts[-1].message, attempts[-1].credential) == causes[0]
    case = HintContext(facts=CommandValues(values=facts_of_text(evidence)), failed_is_first=first)
    hints = tuple(hint_of_case(CAUSES[key], case, more=more.get(key, "")) for key in causes)
    return Explanation(causes=causes, hints=hints, evidence=evidence, text=evidence.text)


@lru_cache(maxsize=512)  # every reading on a machine has the same few texts
def cause_of_member(message: str, credential: str) -> str:
    """The cause of one chain member's failure, from its own message."""
    found = match_causes(extract_evidence(message, credential=credential))
    return found[0] if found else UNEXPECTED


def _causes(evidence: Evidence, attempts: tuple[ChainAttempt, ...]) -> tuple[tuple[str, ...], dict[str, str]]:
    if not attempts:
        return match_causes(evidence) or (UNEXPECTED,), {}
    if later := _causes_after_the_chain(evidence):
        return later, {}
    members = [Member(credential=a.credential, cause=cause_of_member(a.message, a.credential)) for a in attempts]
    main = most_relevant_failure(members, UNKNOWN_HOST)
    keys = [main.cause if main else "no_credential_available"]
    hidden = untried_credentials(members[-1], _behind(members, evidence)) if main else ""
    if hidden:
        keys.append("chain_stopped_early")
    keys += [member.cause for member in members if member.cause != UNEXPECTED]
    return tuple(dict.fromkeys(keys)), {"chain_stopped_early": hidden}


def _causes_after_the_chain(evidence: Evidence) -> tuple[str, ...]:
    """Causes of a failure after a credential returned a token, as a log may show them below the chain's attempts.

    An error from the vault counts even if the log does not mention the token: the request needed one.
    """
    said = after_the_token(evidence.text)
    if said is not None:
        return explain(said).causes
    return tuple(key for key in match_causes(evidence) if CAUSES[key].area is Area.VAULT)


def _behind(members: list[Member], evidence: Evidence) -> tuple[str, ...]:
    last = members[-1].credential
    if not is_default_chain(evidence.text) or last not in DEFAULT_CHAIN:
        return ()
    return DEFAULT_CHAIN[DEFAULT_CHAIN.index(last) + 1 :]

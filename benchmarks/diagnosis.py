"""Is the diagnosis right about texts that it has not seen? Accuracy by stack, confusions, calibration of certainty.

Run: python -m benchmarks.diagnosis [FILE ...]

Without a file: the recorded texts of the catalog that name their stack, and those of public threads in
tests/diagnosis/thread_texts.jsonl. Each is explained without what only its own source supports: the index of similar
texts has no text of the source, and a signature or rule counts only if it matches a text of another source too. No
random line is held out. A second run holds out the stack in the same way.

A FILE has one JSON object a line: `text` or `message`, `cause` or `cause_key` (`none`: no cause is right), and where
known `also` (other acceptable causes), `stack`, `source`, `exception`, `http_status`, `error_code`.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from secrets_app.core.reading import UNEXPECTED, Certainty
from secrets_app.diagnosis import matching, ranking
from secrets_app.diagnosis.catalog import examples
from secrets_app.diagnosis.evidence import Evidence
from secrets_app.diagnosis.explain import explain
from secrets_app.diagnosis.signature import Signature
from secrets_app.diagnosis.similarity import Index, neighbors

THREADS = Path(__file__).parent.parent / "tests/diagnosis/thread_texts.jsonl"
SHARES = (0.1, 0.25, 0.5, 1.0)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A labelled text."""

    id: str
    text: str
    accepted: frozenset[str]
    stack: str
    source: str
    arguments: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Result:
    """The main cause that was given for a case."""

    case: Case
    cause: str
    certainty: Certainty | None

    @property
    def is_accepted(self) -> bool:
        return self.cause in self.case.accepted

    @property
    def is_wrong(self) -> bool:
        """Stated and wrong; an unexpected error and a guess are not stated."""
        return not self.is_accepted and self.cause != UNEXPECTED and self.certainty is not Certainty.GUESS


def read_cases(rows: Iterable[dict[str, Any]]) -> Iterator[Case]:
    for row in rows:
        causes = (row["cause"] if "text" in row else row["cause_key"], *(row.get("also") or ()))
        names = ("exception", "http_status", "error_code")
        yield Case(
            id=row["id"],
            text=row.get("text") or row.get("message") or "",
            accepted=frozenset(UNEXPECTED if cause == "none" else cause.removeprefix("NEW:") for cause in causes),
            stack=row.get("stack") or "-",
            source=_source(row),
            arguments={name: row[name] for name in names if row.get(name)},
        )


def _source(row: dict[str, Any]) -> str:
    """The repository or site of the text's thread: https://github.com/Azure/login/issues/1 is of Azure/login."""
    if "thread" in row:
        return "/".join(row["thread"].split("/")[2:5])
    return (row.get("source") or row["id"]).split("#")[0]


def evaluate(cases: Iterable[Case], index: Index | None = None) -> list[Result]:
    results = []
    for case in cases:
        explanation = explain(case.text, **case.arguments, index=index)
        results.append(Result(case=case, cause=explanation.causes[0], certainty=explanation.certainty))
    return results


class _Signatures(matching.SignatureIndex):
    """The product's index of signatures, which records or filters the ones that match."""

    def __init__(self) -> None:
        self.__dict__ |= vars(matching.INDEX)
        self.group = ""
        self.support: dict[int, set[str]] = defaultdict(set)
        """Signature (by identity) -> the groups (sources or stacks) of the texts that it matches."""
        self.is_recording = True

    def candidates(self, evidence: Evidence) -> Iterator[tuple[int, str, Signature]]:
        for entry in super().candidates(evidence):
            if self.is_recording:
                if entry[2].matches(evidence):
                    self.support[id(entry[2])].add(self.group)
                yield entry
            elif self.support[id(entry[2])] - {self.group}:
                yield entry


def held_out(cases: Sequence[Case], supporting: Sequence[Case], group_of: Callable[[Case], str]) -> list[Result]:
    """Each case without what its group alone supports: signatures that match no other text, and similar texts."""
    signatures = _Signatures()
    with patch.object(matching, "INDEX", signatures):
        for case in supporting:
            signatures.group = group_of(case)
            _explain_anew(case, None)
        signatures.is_recording = False
        groups: dict[str, list[Case]] = defaultdict(list)
        for case in cases:
            groups[group_of(case)].append(case)
        results: list[Result] = []
        for group, members in groups.items():
            signatures.group = group
            hidden = {case.text for case in supporting if group_of(case) == group}
            index = Index(tuple(pair for pair in examples.known_texts() if pair[1] not in hidden))
            results += [_explain_anew(case, index) for case in members]
        return results


def _explain_anew(case: Case, index: Index | None) -> Result:
    ranking.cached_match.cache_clear()  # the causes of a chain's members
    return evaluate([case], index)[0]


def _texts_without(cases: Sequence[Case], stack: str, source: str) -> tuple[tuple[str, str], ...]:
    hidden = {case.text for case in cases if case.stack == stack or case.source == source}
    return tuple(pair for pair in examples.known_texts() if pair[1] not in hidden)


def print_report(title: str, results: Sequence[Result]) -> None:
    """Accuracy, by stack, the confusions, and how often each degree of certainty was right."""
    print(f"\n{title}: {_figures(results)}")
    by_stack: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_stack[result.case.stack].append(result)
    for stack, members in sorted(by_stack.items(), key=lambda item: -len(item[1])):
        print(f"  {stack:<24} {_figures(members)}")
    print("Certainty: how often the main cause was right")
    for degree in Certainty:
        stated = [result for result in results if result.certainty is degree and result.cause != UNEXPECTED]
        if stated:
            right = sum(result.is_accepted for result in stated)
            print(f"  {degree:<8} {right} of {len(stated)} ({right / len(stated):.1%})")
    print("Confusions (expected -> given)")
    confusions = Counter(
        f"{'/'.join(sorted(result.case.accepted))} -> {result.cause}" for result in results if not result.is_accepted
    )
    for confusion, count in confusions.most_common():
        print(f"  {count} {confusion}")


def _figures(results: Sequence[Result]) -> str:
    right, wrong = sum(r.is_accepted for r in results), sum(r.is_wrong for r in results)
    return f"{len(results)} texts, accepted {right / len(results):.1%}, stated and wrong {wrong / len(results):.1%}"


def print_curve(cases: Sequence[Case]) -> None:
    """The nearest known text alone, without codes, signatures and rules: with more texts, how often is it right?"""
    print("\nNearest known text alone, its source and stack held out")
    groups: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.stack, case.source].append(case)
    for share in SHARES:
        right = 0
        for (stack, source), members in groups.items():
            texts = _texts_without(cases, stack, source)
            index = Index(texts[:: round(1 / share)])
            for case in members:
                right += any(text.cause in case.accepted for text in neighbors(case.text, index)[:1])
        print(f"  {share:>4.0%} of the known texts: {right / len(cases):.1%}")


def main(files: Sequence[str]) -> int:
    """Prints the figures."""
    for name in files:
        rows = [json.loads(line) for line in Path(name).read_text(encoding="utf-8").splitlines() if line.strip()]
        print_report(Path(name).name, evaluate(read_cases(rows)))
    if not files:
        threads = [json.loads(line) for line in THREADS.read_text(encoding="utf-8").splitlines()]
        supporting = list(read_cases([*examples.cases(), *threads]))
        cases = [case for case in supporting if case.stack != "-"]
        print_report("Source held out", held_out(cases, supporting, lambda case: case.source))
        print_report("Stack held out", held_out(cases, supporting, lambda case: case.stack))
        print_curve(cases)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

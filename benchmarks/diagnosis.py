"""Is the diagnosis right about texts that it has not seen? Accuracy by stack, confusions, calibration of certainty.

Run: python -m benchmarks.diagnosis [FILE ...]

Without a file: the recorded texts of the catalog that name their stack. For each text the index of similar texts is
built without all texts of its source and without all texts of its stack, never without a random line. Rules and
signatures are not learned from texts, so nothing of them can be held out: their first results on new texts are in
docs/figures.md.

A FILE has one JSON object a line: `text` or `message`, `cause` or `cause_key` (`none`: no cause is right), and where
known `also` (other acceptable causes), `stack`, `source`, `exception`, `http_status`, `error_code`.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from secrets_app.core.reading import UNEXPECTED, Certainty
from secrets_app.diagnosis import explain
from secrets_app.diagnosis.catalog import examples
from secrets_app.diagnosis.similarity import Index, neighbors

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
        """Stated and wrong; an unexpected error is not stated."""
        return not self.is_accepted and self.cause != UNEXPECTED


def read_cases(rows: Iterable[dict[str, Any]]) -> Iterator[Case]:
    for row in rows:
        causes = (row["cause"] if "text" in row else row["cause_key"], *(row.get("also") or ()))
        names = ("exception", "http_status", "error_code")
        yield Case(
            id=row["id"],
            text=row.get("text") or row.get("message") or "",
            accepted=frozenset(UNEXPECTED if cause == "none" else cause.removeprefix("NEW:") for cause in causes),
            stack=row.get("stack") or "-",
            source=row.get("source") or row["id"],
            arguments={name: row[name] for name in names if row.get(name)},
        )


def evaluate(cases: Iterable[Case], index: Index | None = None) -> list[Result]:
    results = []
    for case in cases:
        explanation = explain(case.text, **case.arguments, index=index)
        results.append(Result(case=case, cause=explanation.causes[0], certainty=explanation.certainty))
    return results


def held_out(cases: Sequence[Case]) -> list[Result]:
    """Each case explained with an index that has no text of its source and none of its stack."""
    results: list[Result] = []
    groups: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.stack, case.source].append(case)
    for (stack, source), members in groups.items():
        results += evaluate(members, Index(_texts_without(cases, stack, source)))
    return results


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
        cases = [case for case in read_cases(examples.cases()) if case.stack != "-"]
        print_report("Texts of the catalog, source and stack held out", held_out(cases))
        print_curve(cases)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

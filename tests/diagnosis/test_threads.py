"""Errors quoted in public threads, with the cause and the first step that their threads accepted.

Labels were written before the texts were explained for the first time; IDs, addresses and e-mail addresses are
invented. The texts `T-` are those of the second sealed set (docs/figures.md); `T-triton-10680` accepts, since that run,
the policy cause too, which says what its thread says. A document with an unknown address is named by its title. `also`
has other causes that explain the text; "none" stands for an error outside the catalog. `fix_has` and `fix_not` are
words that the first fix, its commands and the other reasons listed with it must contain, and that the fix and its
commands must not contain (alternatives separated by |): they follow from `fix`, the thread's resolution. The texts `F-`
are those of the judgement of first fixes; `also` of F-azurerm-8779 and F-pulumi-9186 has what was explained then: a
guess, and nothing.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from secrets_app.core.reading import UNEXPECTED, Certainty, Hint
from secrets_app.diagnosis.catalog import CAUSES
from secrets_app.diagnosis.explain import explain

TEXTS = [
    json.loads(line) for line in Path(__file__).with_name("thread_texts.jsonl").read_text(encoding="utf-8").splitlines()
]


@cache
def _hints() -> list[tuple[dict[str, Any], Hint]]:
    return [(text, explain(text["message"]).hints[0]) for text in TEXTS]


def test_text__has_an_accepted_cause() -> None:
    wrong = {
        text["id"]: hint.cause
        for text, hint in _hints()
        if hint.cause not in {UNEXPECTED if key == "none" else key for key in (text["cause_key"], *text["also"])}
    }
    assert wrong == {
        "V-k8s-55837": "client_secret_expired",  # a guess: the text is cut off before the reason
        "T-ghcpdemo-dns": UNEXPECTED,  # "context deadline exceeded" of a mount, which names no service and no host
    }


def test_wrong_cause__is_not_stated() -> None:
    accepted = {text["id"]: {text["cause_key"], *text["also"]} for text in TEXTS}
    stated = [
        (text["id"], hint.cause)
        for text, hint in _hints()
        if hint.certainty in (Certainty.SURE, Certainty.LIKELY) and hint.cause not in accepted[text["id"]]
    ]
    assert stated == []


def test_first_fix__is_that_of_the_thread() -> None:
    problems = {text["id"]: problem for text, hint in _hints() if (problem := _problem(text, hint))}
    assert problems == {}


def test_first_fix__is_checked_for_most_texts() -> None:
    assert sum("fix_has" in text for text in TEXTS) > 130


def test_text__names_its_thread_and_a_cause_of_the_catalog() -> None:
    assert [text["id"] for text in TEXTS if not text["thread"].startswith(("https://", "document: "))] == []
    keys = {key for text in TEXTS for key in (text["cause_key"], *text["also"])}
    assert keys <= {*CAUSES, "none"}
    assert len({text["thread"] for text in TEXTS}) == len(TEXTS)


def _problem(text: dict[str, Any], hint: Hint) -> str:
    shown = "\n".join((hint.fix, *hint.commands)).lower()
    everything = "\n".join((shown, *hint.otherwise)).lower()
    missing = [words for words in text.get("fix_has", ()) if not any(w.lower() in everything for w in words.split("|"))]
    unsuitable = [words for words in text.get("fix_not", ()) if words.lower() in shown]
    return " ".join([*(f"lacks {words!r}" for words in missing), *(f"has {words!r}" for words in unsuitable)])

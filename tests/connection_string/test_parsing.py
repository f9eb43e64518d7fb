"""The grammar of connection strings, as in the .NET library."""

import traceback

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from secrets_app.connection_string import ConnectionStringError, equivalent_of, parse_options
from secrets_app.connection_string.parser import Key
from tests.support.connection_strings import APP, SECRET, WITH_SECRET, fault, meaning, split


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("RunAs=App", {"RunAs": "App"}),
        ("RunAs=Developer; DeveloperTool=AzureCli", {"RunAs": "Developer", "DeveloperTool": "AzureCli"}),
        ("  RunAs = App ;; ; AppId\t=\n x ; ", {"RunAs": "App", "AppId": "x"}),
        ("a='it''s; here'", {"a": "it's; here"}),
        ('a="say ""no"""', {"a": 'say "no"'}),
        ("a='say \"no\"'", {"a": 'say "no"'}),
        ("a=' kept ' ; b=2", {"a": " kept ", "b": "2"}),
        ("a=''", {"a": ""}),
        ("a=;b=", {"a": "", "b": ""}),
        ("a=O'Brien", {"a": "O'Brien"}),
        ("a=b=c==", {"a": "b=c=="}),
        ("a= =b", {"a": "=b"}),
        ("a==b=c", {"a=b": "c"}),
        ("a===b", {"a=": "b"}),
        ("a='line\nbreak'", {"a": "line\nbreak"}),
        ("two words=x y", {"two words": "x y"}),
    ],
)
def test_grammar__is_that_of_the_dotnet_library(text: str, pairs: dict[str, str]) -> None:
    assert split(text) == pairs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "contains only spaces and semicolons"),
        (" ;; ; ", "contains only spaces and semicolons"),
        ("RunAs", "has no = in part 1 (RunAs)"),
        ("RunAs=App;hunter2~hunter2", "has no = in part 2. "),
        ("RunAs==App", "has == in part 1 (RunAs)"),
        ("a====b", "has == in part 1, "),
        ("=App", "no key before the = in part 1"),
        (" ; = ; ", "no key before the = in part 1"),
        ("RunAs=App;AppKey='open", "has an unclosed quote in part 2 (AppKey)"),
        ("AppKey='open''", "has an unclosed quote in part 1 (AppKey)"),
        ('AppKey="a"b;RunAs=App', "text after the closing quote in part 1 (AppKey)"),
        ("AppKey='a' b", "text after the closing quote"),
        ("AppKey=a'", "ends with a quote"),
        ('appkey=a";x=y', "ends with a quote"),
        ("AppKey=a\x07b", "an invisible character in part 1 (AppKey)"),
        ("Ap\x00pKey=ab", "an invisible character in part 1"),
        ("AppKey='a\x00b'", "has an unclosed quote"),
    ],
)
def test_invalid_syntax__message_names_the_part(text: str, expected: str) -> None:
    found = fault(text)
    assert found.check.code == ("E085" if not text.strip(" ;") else "E086" if "invisible" in expected else "E046")
    assert expected in found.message


@pytest.mark.parametrize("text", ['"RunAs=App"', f"'{WITH_SECRET}' ", "\"RunAs=App;AppKey='x'\""])
def test_quoted_connection_string__message_says_to_remove_the_quotes(text: str) -> None:
    found = fault(text)
    assert (found.check.code, found.message) == ("E046", "is enclosed in quotes.")
    assert found.hint == "Remove the quotes around the whole string."


# Long enough not to occur in a message by chance.
_VALUES = st.text(st.characters(codec="utf-8"), min_size=12, max_size=40)


_KEYS = st.one_of(st.sampled_from(list(Key)), _VALUES)


_LINKS = st.sampled_from(["=", " = ", "==", "='", '="', ""])


_ENDS = st.sampled_from([";", " ; ", "';", '";', "", "x;"])


_RUN_AS = st.sampled_from(["", "RunAs=App;", "RunAs=Developer;", "RunAs=Workload;", f"RunAs=App;AppId={APP};"])


@given(_RUN_AS, st.lists(st.tuples(_KEYS, _LINKS, _VALUES, _ENDS), max_size=4))
@example("RunAs=App;", [("AppId", "=", "secret-in-the-wrong-place", ";")])
@example("", [("secret-in-the-wrong-place", "", "another-secret", "")])
@example(f"RunAs=App;AppId={APP};", [("KeyVaultCertificateSecretIdentifier", "=", "https://hunter2-hunter2/", "")])
def test_any_text__gives_options_or_one_message(run_as: str, parts: list[tuple[str, str, str, str]]) -> None:
    text = run_as + "".join("".join(part) for part in parts)
    hidden = [value for key, _, value, _ in parts] + [key for key, *_ in parts if key not in list(Key)]
    try:
        found = meaning(text)
        output = "".join(f"{warning.message} {warning.hint}" for warning in found.warnings)
        assert equivalent_of(found.options).settings
    except ConnectionStringError as fault:
        output = "".join(traceback.format_exception(fault)) + repr(fault) + fault.hint
    for value in hidden:
        assert len(value.strip()) < 6 or value.strip() not in output  # a value this short can occur in any message


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.sampled_from(["'", '"']))
def test_quoted_value__is_returned_unchanged(value: str, quote: str) -> None:
    quoted = f"{quote}{value.replace(quote, quote * 2)}{quote}"
    assert split(f"first={quoted} ; last={quoted}") == {"first": value, "last": value}


def test_values__are_in_no_repr() -> None:
    assert SECRET not in repr(parse_options(WITH_SECRET))
    assert SECRET not in repr(meaning(WITH_SECRET))
    assert SECRET not in repr(equivalent_of(meaning(WITH_SECRET).options))

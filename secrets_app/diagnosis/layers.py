"""Unwraps an error text into layers: each program that passes an error on adds its own words around it."""

import re

MAX_LAYERS = 16
_MAX_CHARACTERS = 32 * 1024
"""Of a longer text only the start and the end are unwrapped."""

_WRAPPER = re.compile(
    # The first letters of the alternatives: whitespace and most words are skipped at once.
    r"""(?=[-CcEeFfIiNnOoRrUu])(?:
        Original\sError:\s
      | --->\s
      | (?<!\w)(?:
            caused\sby:\s
          | nested\sexception\sis\s
          | rpc\serror:\scode\s=\s\w{1,30}\sdesc\s=\s
          | Inner\s?(?:Exception|Error)(?:\s\#\d)?:?\s
          | cause\]?:\s(?=[A-Z])
        )
      | (?<!\S)(?:failed|unable|could\snot|cannot|error)\b[^:\n"{}]{1,120}:\s(?=\S)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_PYTHON_CAUSE = re.compile(
    r"\n\s{0,20}The above exception was the direct cause of the following exception:\s"
    r"|\n\s{0,20}During handling of the above exception, another exception occurred:\s"
)


def split_layers(text: str) -> tuple[str, ...]:
    """The layers of an error, the outermost first; the last one is the innermost, from which the others followed.

    Go joins errors with colons, .NET writes `--->`, Java `Caused by:`, gRPC `desc =`. Python prints the cause first.
    """
    if len(text) > _MAX_CHARACTERS:
        half = _MAX_CHARACTERS // 2
        text = f"{text[:half]}\n{text[-half:]}"
    chained = _PYTHON_CAUSE.split(text)
    if len(chained) > 1:
        return tuple(part.strip() for part in reversed(chained) if part.strip())[:MAX_LAYERS]
    starts = [0]
    for match in _WRAPPER.finditer(text):
        starts.append(match.end())
        if len(starts) == MAX_LAYERS:
            break
    ends = [*starts[1:], len(text)]
    parts = (text[start:end].strip() for start, end in zip(starts, ends, strict=True))
    return tuple(part for part in parts if part)

"""Unwraps an error text into layers: each program that passes an error on adds its own words around it."""

import re

MAX_LAYERS = 16
_MAX_CHARACTERS = 32 * 1024
"""Of a longer text only the start and the end are unwrapped."""

_WRAPPER = re.compile(
    # The first letters of the alternatives stand first: a search skips other characters without trying to match.
    r"""[>CcEeFfIiNnOoRrUu](?i:
        (?<=o)riginal\sError:\s
      | (?<=--->)\s
      | (?<!\w.)(?:
            (?<=c)aused\sby:\s
          | (?<=n)ested\sexception\sis\s
          | (?<=r)pc\serror:\scode\s=\s\w{1,30}\sdesc\s=\s
          | (?<=i)nner\s?(?:Exception|Error)(?:\s\#\d)?:?\s
          | (?<=c)ause\]?:\s(?-i:(?=[A-Z]))
        )
      | (?<!\S.)(?:(?<=f)ailed|(?<=u)nable|(?<=c)ould\snot|(?<=c)annot|(?<=e)rror)\b[^:\n"{}]{1,80}+:\s(?=\S)
    )""",
    re.VERBOSE,
)
_PYTHON_CAUSE = re.compile(
    r"\n[ \t]{0,20}+(?:The above exception was the direct cause of the following exception"
    r"|During handling of the above exception, another exception occurred):\s"
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

"""Random requests, answers of Azure and pasted texts, from a fixed and a random seed: never an error of this site."""

import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from attacks.support.attacked import Attacked
from attacks.support.bodies import NAMES, fixed, response
from attacks.support.site import Site
from localazure import LocalAzure

REQUESTS, ANSWERS, PASTES = 1500, 25, 120
METHODS = (*("GET",) * 6, *("POST",) * 4, "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT", "get", "G\x00T", "")
PATHS = (
    *("/", "/secret/", "/identities/", "/value/", "/sign-in/", "/sign-out/", "/api/reading", "/token/", "/api/token"),
    *(
        "/report/",
        "/explain/",
        "/api/explain",
        "/causes/",
        "/causes/kv_rbac_denied/",
        "/healthz",
        "/readyz",
        "/static/",
    ),
    *(
        "/static/../kvsite/settings.py",
        "//evil.example/",
        "/%2e%2e/",
        "/%00",
        "/\xff",
        "*",
        "http://evil.example/",
        "x",
    ),
)
QUERIES = (
    "",
    "",
    "?",
    "?refresh=0",
    "?name=demo",
    "?scope=https://vault.azure.net",
    "?userassignedid=x",
    "?%zz",
    "?\xff=1",
)
HEADERS = (
    *("Content-Type: application/json", "Content-Type: text/plain; charset=hex", "Content-Type: multipart/form-data"),
    *("Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "Content-Length: 99999999", "Content-Length: -1"),
    *(
        "Expect: 100-continue",
        "Expect: 417",
        "Connection: close",
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
    ),
    *("Cookie: csrftoken=x; kvsite_session=a:b:c", "Cookie: \xff", "X-Forwarded-For: 127.0.0.1"),
    "Host: evil.example",
    *("Range: bytes=0-0", "If-Modified-Since: x", "Accept-Encoding: \xff", "X-MS-CLIENT-PRINCIPAL: e30=", "no colon"),
    *(
        "Origin: null",
        "Referer: \xff",
        "X: " + "y" * 9000,
        ": empty",
        "X-HTTP-Method-Override: DELETE",
        "Script-Name: /x",
    ),
)
BODIES = (
    b"",
    b"{",
    b"[]",
    b'{"message": 1}',
    b"text=%ff",
    b"\x00" * 100,
    b"[" * 5000,
    b"--x\r\n\r\n--x--",
    b"\xff\xfe",
)


@pytest.mark.timeout(100)
def test_random_requests(azure: LocalAzure, site: Site, seed: int) -> None:
    rng = random.Random(seed)
    sent = [_request(rng) for _ in range(REQUESTS)]
    workers = site.workers()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda request: site.raw(request, timeout_s=0.3), sent))
    statuses = Counter(answer[9:12] for answer in answers)
    failed = [
        (request, answer[:200])
        for request, answer in zip(sent, answers, strict=True)
        if answer.startswith(b"HTTP/1.1 5") and answer[9:12] not in {b"501", b"503", b"505"}
    ]
    assert failed == [], f"seed {seed}"
    assert statuses[b"200"], statuses
    assert "Traceback" not in site.log(), f"seed {seed}"
    assert site.workers() == workers
    assert not [answer for answer in answers if azure.secret_value.encode() in answer]
    assert not [token for token in azure.tokens if any(token.text.encode() in answer for answer in answers)]


def _request(rng: random.Random) -> bytes:
    """A request, of which some are cut or have a few random bytes."""
    body = rng.choice(BODIES)
    target = rng.choice(PATHS) + rng.choice(QUERIES)
    lines = [f"{rng.choice(METHODS)} {target} HTTP/1.{rng.choice('1110')}", "Host: 127.0.0.1"]
    lines += rng.sample(HEADERS, rng.choice((0, 0, 1, 1, 2, 3)))
    if rng.random() < 0.8:
        lines.append(f"Content-Length: {len(body)}")
    request = bytearray("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    for _ in range(rng.choice((0, 0, 0, 1, 2, 10))):
        request[rng.randrange(len(request))] = rng.randrange(256)
    return bytes(request[: rng.randrange(1, len(request))] if rng.random() < 0.1 else request)


@pytest.mark.timeout(100)
def test_random_answers_of_azure(attacked: list[Attacked], seed: int) -> None:
    rng = random.Random(seed)
    answers = {one.hop: [fixed(_answer(rng)) for _ in range(ANSWERS)] for one in attacked}

    def statuses(one: Attacked) -> list[list[int]]:
        return [[page.status for page in one.visit(answer)] for answer in answers[one.hop]]

    with ThreadPoolExecutor() as pool:
        found = dict(zip(answers, pool.map(statuses, attacked), strict=True))
    failed = [(hop, number) for hop, pages in found.items() for number, page in enumerate(pages) if page != [200, 200]]
    assert failed == [], f"seed {seed}"
    assert [one.site.log()[-3000:] for one in attacked if "Traceback" in one.site.log()] == [], f"seed {seed}"


def _answer(rng: random.Random) -> bytes:
    values = ("", "x", "\ud800", "\x1b[31m", "<script>", 7, -1, 1e300, None, True, [], {}, [[]], "9" * 5000, "\u202e")
    document = {name: rng.choice(values) for name in rng.sample(NAMES, 8)}
    document["error"] = rng.choice(({"code": rng.choice(values), "message": rng.choice(values)}, rng.choice(values)))
    status = rng.choice(("200 OK", "200 OK", "400 Bad Request", "401 Unauthorized", "403 Forbidden", "429 x", "500 x"))
    headers = rng.sample(("Retry-After: 9e9", "Retry-After: -1", "WWW-Authenticate: Bearer", "X: \xff", "Date: x"), 2)
    answer = bytearray(response(json.dumps(document).encode(), *headers, status=status))
    for _ in range(rng.choice((0, 0, 1, 5))):
        answer[rng.randrange(len(answer))] = rng.randrange(256)
    return bytes(answer)


PIECES = (
    *("DefaultAzureCredential failed to retrieve a token from the included credentials.", "EnvironmentCredential: x"),
    *("acquired a token from x", "acquired&amp;#32;a token from x", "AADSTS7000215: Invalid client secret", "AKV10032"),
    *(
        "Traceback (most recent call last):",
        '  File "x.py", line 1, in f',
        "    at System.X.Y() in z.cs:line 1",
        "{",
        "}",
    ),
    *(
        '{"error": {"code": "Forbidden", "innererror": {"code": "ForbiddenByRbac"}}}',
        "\\u0041\\n",
        "&amp;",
        "<b>",
        "\x1b[",
    ),
    *(
        "2026-11-21 10:00:00 ERROR x",
        "\ud83d",
        "\u202e",
        "\x00",
        "Status: 403",
        "password=",
        "-----BEGIN PRIVATE KEY-----",
    ),
)


@pytest.mark.timeout(100)
def test_random_pastes(site: Site, seed: int) -> None:
    rng = random.Random(seed)
    for number in range(PASTES):
        separators = rng.choice(("\n", " ", "", "\r\n"))
        count = rng.choice((1, 5, 30, 300))
        text = separators.join(rng.choice(PIECES) * rng.choice((1, 1, 1, 9)) for _ in range(count))
        body = json.dumps({"message": text}).encode()
        answer = site.post("/api/explain", body, {"Content-Type": "application/json"})
        assert answer.status == 200, f"seed {seed}, paste {number}: {answer.body[:300]!r}"
        assert json.loads(answer.body)["causes"]
    assert "Traceback" not in site.log(), f"seed {seed}"

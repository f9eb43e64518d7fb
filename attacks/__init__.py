"""The standing attack suite: `make test-attacks`. Each test is one attack, and passes if the site holds.

To add an attack, write a test in the module of its class of faults (or a new `test_<class>.py`):

- `site` (a fixture) is gunicorn with the site's own configuration, in front of Local Azure; `running_site` starts one
  with other settings. `site.get`, `site.post` and `site.raw` send well-formed requests and raw bytes.
- `HostileAzure` answers for one hop (vault, Entra ID, identity endpoint, metadata service, proxy) with any bytes.
- `figure("memory of a worker", 71.2, "MiB", at_most=150)` adds a row to the table at the end and asserts the
  limit; of a time, five times the limit, so that other work of the machine fails no attack.
- `seeds` are one fixed and one random seed; a failing test prints the seed, and `ATTACK_SEED=<n>` repeats it.
"""

#!/bin/sh
# The entry point of the image: `serve` starts the site; every other command is one of manage.py.
set -eu
cd /app
case "${1:-serve}" in
  serve)
    # Other containers and the published port connect from another address than loopback.
    exec gunicorn --bind "0.0.0.0:${PORT:-8000}" kvsite.wsgi
    ;;
  healthcheck)
    exec python3 -c 'import http.client, os, sys
connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=3)
connection.request("GET", "/healthz")
sys.exit(connection.getresponse().status != 200)' 2>/dev/null
    ;;
  sh | bash | python | python3)
    exec "$@"
    ;;
  *)
    exec python3 manage.py "$@"
    ;;
esac

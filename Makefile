# What one does with this repository. `make` alone lists it.
#
# Nothing is asked of the machine but python3 (3.11 to 3.13) with python3-venv, and make: Node
# comes from a Python package, the databases are SQLite. Paths are relative and programs are
# modules of .venv's Python, so that a folder with spaces in its name does too.

.DEFAULT_GOAL := help
PYTHON ?= python3
PORT ?= 8000
PY := .venv/bin/python
# A module stays in one process: what it loads once for all its tests is loaded once.
TESTS ?= -n auto --maxprocesses 8 --dist loadscope

# Left in the environment by other work, these would lead pip, Python or Django astray.
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV DJANGO_SETTINGS_MODULE
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_NO_BINARY PIP_CONSTRAINT PIP_REQUIREMENT
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export npm_config_update_notifier := false
# npm's cache lives in the home directory; a service's user has none.
ifneq ($(shell [ -w "$$HOME" ] && echo yes),yes)
export npm_config_cache := $(CURDIR)/var/npm
endif

.PHONY: help run test lint format messages lock bench ci ambiente ambiente-dev frontend validatore catalogues clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

run: ambiente frontend catalogues ## serve the demo at http://127.0.0.1:8000 (PORT=8123 elsewhere), until Ctrl-C
	@export DEMO="$${DEMO:-on}" BASE_URL="$${BASE_URL:-http://127.0.0.1:$(PORT)}"; \
	$(PY) manage.py prepara && exec $(PY) manage.py avvia --porta "$(PORT)"

test: ambiente-dev frontend catalogues validatore ## run the whole suite (TESTS="-n 0 tests/eventi" for a part)
	@exec $(PY) -m pytest -rs $(TESTS)

lint: ambiente-dev ## check style and common mistakes, in Python and in templates
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	.venv/bin/djade --target-version 5.2 --check $$(git ls-files 'templates/*.html')
	$(PY) -m djlint --lint --quiet templates
	$(PY) -m django_upgrade --check --target-version 5.2 $$(git ls-files '*.py')

format: ambiente-dev ## rewrite Python and templates in the house style
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	.venv/bin/djade --target-version 5.2 $$(git ls-files 'templates/*.html')

messages: ambiente ## read the strings of the code into locale/en (needs gettext)
	DEMO=on $(PY) manage.py makemessages --locale en --add-location file --no-obsolete --no-wrap \
		--ignore node_modules --ignore tests --ignore docs --ignore benchmarks --ignore frontend

lock: ## resolve pyproject.toml into the two lock files anew (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 1; }
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --group dev pyproject.toml -o requirements-dev.lock

bench: ambiente ## measure pages, registrations, mails, mails to many and sheets, as ratios within this run
	$(PY) benchmarks/pagine.py
	$(PY) benchmarks/iscrizioni.py
	$(PY) benchmarks/posta.py
	$(PY) benchmarks/fogli.py --righe 2000
	$(PY) benchmarks/comunicazioni.py --persone 5000

ci: ## everything that must hold before a change lands (installs and starts what it needs)
	@exec .ci/run

clean: ## throw away what can be made again; the demo's data in var/ stay
	rm -rf .venv frontend/node_modules frontend/build tests/e2e/node_modules .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# --- Parts of the above ----------------------------------------------------------------------

# Installs the lock file $(1) where it differs from the one installed last. An environment that
# is broken, of another Python or moved here from elsewhere is made anew; a link to one that
# belongs to another copy is taken away, and that one left alone.
define installa
	@set -e; \
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
		echo "Python 3.11, 3.12 or 3.13 is needed, and \`$(PYTHON)\` is not: make … PYTHON=python3.11"; \
		exit 1; }; \
	voluta="$$($(PYTHON) -c 'import sys; print(*sys.version_info[:2])')"; \
	trovata="$$($(PY) -c 'import sys, pip; print(*sys.version_info[:2])' 2>/dev/null)" || true; \
	if [ "$$trovata" != "$$voluta" ] || ! grep -qsF "$$PWD/.venv" .venv/bin/activate; then \
		echo "Python environment: creating it in .venv"; \
		if [ -L .venv ]; then rm .venv; fi; \
		$(PYTHON) -m venv --clear .venv; \
	fi; \
	if ! cmp -s $(1) .venv/$(1); then \
		echo "Python environment: installing $(1)"; \
		$(PY) -m pip install --quiet --no-input --only-binary :all: --require-hashes -r $(1); \
		cp $(2) .venv/; \
	fi
endef

ambiente:
	$(call installa,requirements.lock,requirements.lock)

# The second lock holds the first, pin by pin (tests/test_depositi.py).
ambiente-dev:
	$(call installa,requirements-dev.lock,requirements-dev.lock requirements.lock)

frontend:
	@$(PY) frontend/costruisci.py

# html-validate, which tests/e2e/test_html.py asks about every page.
validatore: ambiente-dev
	@cmp -s tests/e2e/package-lock.json tests/e2e/node_modules/.lock || { \
		echo "HTML validator: installing it"; \
		PATH="$$PWD/.venv/bin:$$PATH" NODE_OPTIONS="$$NODE_OPTIONS --use-system-ca" npm ci --prefix tests/e2e --ignore-scripts --no-audit \
			--no-fund --loglevel=error && \
		cp tests/e2e/package-lock.json tests/e2e/node_modules/.lock; }

catalogues:
	@for po in locale/*/LC_MESSAGES/*.po; do \
		if [ -e "$$po" ] && ! [ "$${po%.po}.mo" -nt "$$po" ]; then \
			echo "Translations: compiling $$po"; \
			$(PY) -m babel.messages.frontend --quiet compile --input-file "$$po" \
				--output-file "$${po%.po}.mo" || exit 1; \
		fi; \
	done

# make demo   the whole loop on this machine        make demo RESET=1   from the start
# make test   every test that can run here          make help           all of it

PORT ?= 8000
RESET ?=
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& command -v "$$name" && break; done)
WORKERS ?= 3
BIN := .venv/bin

.PHONY: help demo test install install-dev
.DEFAULT_GOAL := help

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
	@echo
	@echo "Порт занят: make demo PORT=8010. Сначала: make demo RESET=1."

demo: install ## demo shop, simulated WB, web, worker, beat (Ctrl+C stops all)
	@exec $(BIN)/python manage.py demo --port $(PORT) $(if $(filter-out 0,$(RESET)),--reset)

test: install-dev ## all tests; ARGS="chats -k outbox" for some
	@exec $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

install: .venv/installed ## virtual environment with what running needs

install-dev: .venv/installed-dev ## … and what testing needs

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Нужен Python 3.11 или новее: поставьте его (Debian, Ubuntu: apt install python3 python3-venv) или укажите путь: make demo PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "У $(PYTHON) нет модуля venv. Debian, Ubuntu: apt install python3-venv. Затем повторите команду." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) старше 3.11. Укажите другой: make demo PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Создаю виртуальное окружение .venv …"
	@$(PYTHON) -m venv .venv

.venv/installed: requirements.txt | .venv/bin/python
	@echo "Ставлю зависимости (один раз, около минуты) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt requirements.txt | .venv/bin/python
	@echo "Ставлю зависимости для тестов …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/installed

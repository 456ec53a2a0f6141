# Needs python3 (3.11 or newer, with venv), make and git; everything else goes into .venv.
PYTHON ?= python3
ORDER ?= reports/demo.yaml
ARGS ?=
WORKERS ?= 2

PY := .venv/bin/python
LOCKED := pyproject.toml constraints.txt
# pip and Python shall compile: without bytecode every kernel takes seconds longer to start.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help report cluster-demo lab test lint bench constraints

help: ## list the targets · 列出所有目标
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

report: .venv/.ready ## build the demo reports into reports/demo/ · 生成演示报告
	@.venv/bin/perfkit report $(ARGS) "$(ORDER)"

cluster-demo: .venv/.ready ## build them on a Dask scheduler and two workers started here · 在本机的 Dask 集群上生成演示报告
	@$(PY) -m pip install --quiet -c constraints.txt --editable ".[cluster]"
	@export DASK_LOGGING__DISTRIBUTED=critical; address=tcp://127.0.0.1:8786; pids=; trap 'kill $$pids; wait' EXIT; \
	$(PY) -m dask scheduler --host 127.0.0.1 --port 8786 --no-dashboard & pids=$$!; \
	for worker in 1 2; do $(PY) -m dask worker $$address --nthreads 1 --no-dashboard & pids="$$pids $$!"; done; \
	.venv/bin/perfkit report --cluster $$address $(ARGS) "$(ORDER)"

lab: .venv/.ready ## open the notebooks in JupyterLab (Chinese: Settings > Language) · 打开 JupyterLab（中文界面随系统语言）
	@$(PY) -m jupyter lab --LabApp.news_url= --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate $(ARGS) notebooks

test: .venv/.ready-dev ## run all tests, the notebooks and doctests among them · 运行全部测试
	@$(PY) -m pytest -n $(WORKERS) $(ARGS)

lint: .venv/.ready-dev ## check style, format and types · 检查风格、格式与类型
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

bench: .venv/.ready-dev ## run the benchmarks beside their peers · 与同类软件对照运行性能测试
	@$(PY) -m pip install --quiet -c constraints.txt --editable ".[bench]"
	@set -e; for file in benchmarks/*.py; do echo "== $$file"; $(PY) "$$file"; done

constraints: .venv/.python ## resolve afresh and write constraints.txt · 重新解析依赖版本
	@set -e; tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	$(PY) -m venv "$$tmp/venv"; \
	"$$tmp/venv/bin/python" -m pip install --quiet --editable ".[samples,lab,dev,bench]"; \
	"$$tmp/venv/bin/python" -m pip freeze --exclude-editable > "$$tmp/frozen"; \
	if grep -nE '@|://' "$$tmp/frozen"; then echo "a pin with an address: not written · 含地址的条目，未写入"; exit 1; fi; \
	{ echo "# The versions that the tests pass with; pip takes them as constraints."; \
	echo "# Written by: make constraints (a fresh environment with .[samples,lab,dev,bench], then pip freeze)."; \
	cat "$$tmp/frozen"; } > "$$tmp/new"; \
	cp "$$tmp/new" constraints.txt

.venv/.python:
	@command -v "$(PYTHON)" > /dev/null && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "perfkit needs Python 3.11 or newer; $(PYTHON) is: $$("$(PYTHON)" --version 2>&1 || true)"; \
		echo "  Install one and name it:  make PYTHON=python3.12 ..."; \
		echo "perfkit 需要 Python 3.11 或更新版本。请安装后指明：make PYTHON=python3.12 ..."; exit 1; } >&2
	@if "$(PYTHON)" -c 'import ensurepip, venv' 2> /dev/null; then "$(PYTHON)" -m venv --clear .venv; \
	elif "$(PYTHON)" -m pip --version > /dev/null 2>&1; then \
		"$(PYTHON)" -m venv --clear --without-pip .venv && "$(PYTHON)" -m pip --python $(PY) install --quiet pip; \
	else \
		echo "$(PYTHON) cannot make a virtual environment: ensurepip is missing."; \
		echo "  On Debian or Ubuntu:  sudo apt install python3-venv   then run make again."; \
		echo "$(PYTHON) 无法创建虚拟环境（缺少 ensurepip）。Debian/Ubuntu 请先执行：sudo apt install python3-venv"; exit 1; \
	fi >&2
	@touch $@

.venv/.ready: .venv/.python $(LOCKED)
	@echo "Installing into .venv; the first time takes some minutes · 正在安装到 .venv，首次需要几分钟"
	@$(PY) -m pip install $(if $(CI),--quiet) --compile -c constraints.txt --editable ".[samples,lab]"
	@touch $@

.venv/.ready-dev: .venv/.python $(LOCKED)
	@echo "Installing into .venv; the first time takes some minutes · 正在安装到 .venv，首次需要几分钟"
	@$(PY) -m pip install $(if $(CI),--quiet) --compile -c constraints.txt --editable ".[samples,lab,dev]"
	@touch .venv/.ready $@

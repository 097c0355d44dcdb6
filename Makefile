# Thin: every target is the plain command below it (README.md lists them for Windows).
PYTHON ?= python3
BIN := .venv/bin
BOOK := $(BIN)/jupyter-book build chapters --config _config.yml --toc _toc.yml --path-output . -W -n --keep-going -q
# Many tests wait for others, so there are three for two cores. A file's tests stay together, and the chapters, which are short and many, come last.
IN_PARALLEL := -n 3 --dist loadfile --no-loadscope-reorder
# Small networks run slower on many threads, and one thread gives the same sums everywhere.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Where it is set, every process compiles the course's Python anew, and pytest all assertions.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup torch book serve test check lab execute release self-study check-ps prove doctor preflight grade status report demo-class attacks benchmark-grading benchmark-nnlib screenshots clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

setup: ## make .venv and install what is pinned
	@$(PYTHON) bootstrap.py

torch: setup ## add PyTorch's CPU build, for tests and chapters: make torch CUDA=1 accepts CUDA
	@$(PYTHON) bootstrap.py --torch $(if $(CUDA),--cuda)

book: setup ## build the website into _build/html
	@$(BOOK)
	@echo "The book is at $(CURDIR)/_build/html/index.html"

serve: book ## build and serve the website on http://127.0.0.1:8000
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

test: book torch ## everything CI runs
	@$(PYTHON) bootstrap.py --browser --sandbox --postgresql
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python chapters/_tools/execute.py --check
	$(BIN)/python -m grader release --check
	$(BIN)/python -m pytest $(IN_PARALLEL)

check: torch ## the fast part of the tests, about a minute
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python chapters/_tools/execute.py --check
	$(BIN)/python -m grader release --check
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not slow" tests nnlib

lab: torch ## JupyterLab on exercises/, with nbgrader's extensions
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/exercises

execute: torch ## run the chapters again and store their outputs
	$(BIN)/python chapters/_tools/execute.py
	$(BIN)/python chapters/_tools/torch_rows.py

release: torch ## make exercises/ from solutions/, after a pre-flight of what changed
	$(BIN)/python -m grader release

self-study: setup ## for learning without an instructor: self_study/, worked solutions in folds
	@$(BIN)/python -m grader self-study $(PS)

check-ps: setup ## what JupyterLab's Validate says of your exercises/: make check-ps PS=ps4_backprop
	@$(BIN)/python -m grader check $(PS)

prove: torch ## the proof of the graders, planted answer by planted answer: make prove PS=ps4_backprop
	@$(BIN)/python -m tests.exercises.prove $(PS)

doctor: setup ## what this machine can do for grading, and how to mend what it cannot
	@$(BIN)/python -m grader doctor

preflight: torch ## grade reference and untouched release as submissions will be: make preflight PS=…
	@$(BIN)/python -m grader preflight $(PS)

grade: setup ## grade what lies in submitted/: make grade PS=ps1_perceptron WORKERS=4
	@$(BIN)/python -m grader autograde $(PS) $(if $(WORKERS),--workers $(WORKERS)) $(ARGS)

status: setup ## what is graded and what waits: make status PS=…
	@$(BIN)/python -m grader status $(PS)

report: setup ## after grading by hand: write feedback and CSV again: make report PS=…
	@$(BIN)/python -m grader report $(PS) $(ARGS)

screenshots: book ## photograph every page: _build/screenshots/
	$(BIN)/python -m tests.site.screenshots

attacks: torch ## play every attack on the grader, not only every other one as `make test` does
	@$(PYTHON) bootstrap.py --sandbox
	ATTACKS=all $(BIN)/python -m pytest tests/grader/attacks

demo-class: setup ## grade a small made-up class, to see grading at work
	@$(BIN)/python -m grader demo-class

benchmark-grading: torch ## measure grading anew and write what README and book say of it
	@$(PYTHON) bootstrap.py --sandbox --postgresql
	$(BIN)/python benchmarks/grading.py --store
	$(BIN)/python benchmarks/class_of_2000.py --store
	$(BIN)/python benchmarks/scale_costs.py --store
	$(BIN)/python benchmarks/grading_simulation.py --store
	$(BIN)/python benchmarks/grading_page.py

benchmark-nnlib: torch ## measure nnlib's speed anew and write what README says of it
	unset OMP_NUM_THREADS OPENBLAS_NUM_THREADS; $(BIN)/python benchmarks/nnlib_vs_torch.py --store
	$(BIN)/python benchmarks/nnlib_page.py

clean: ## remove what was generated, except .venv and a class's data
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache

# What a person types. `make run` and `make test` start from nothing but Python 3.11, pip and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: run test install check test-browser demo faults soak fuzz explore bench bench-config bench-gate bench-http bench-journal bench-hot bench-impact \
	bench-results calibrate calibrate-http profile lock clean

run: install ## install everything and serve
	$(BIN)/signpost serve

# Two processes test at once, each a file at a time.
test: install ## every test that needs nothing but this tree, with coverage floors
	@rm -rf .local/coverage && mkdir -p .local/coverage
	$(BIN)/coverage run -m pytest -n 2 --dist loadfile --no-loadscope-reorder -p tests.architecture.coverage_floors -m "not browser"

install: $(READY)

# Debian has no ensurepip and refuses to install outside a venv, so pip is pointed into the venv instead. What is imported is
# compiled then: to compile all of it here took a quarter of the time.
$(READY): tests/requirements.lock pyproject.toml
	@rm -rf .venv
	$(PYTHON) -m venv --without-pip .venv
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --no-compile --disable-pip-version-check --require-hashes --no-deps -r tests/requirements.lock
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

check: install ## style, types, import contracts, sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tests.architecture.limits
	$(BIN)/hadolint Dockerfile

test-browser: install ## a page on another origin, in Debian's Chromium
	$(BIN)/pytest -m browser

demo: install ## replay a small set of journeys against a service of its own
	$(BIN)/python -m loadtests.replay

TIMES ?= 20
HTTP ?= direct

faults: install ## break everything under load, TIMES times each; fails where anything answered is lost or doubled
	$(BIN)/python -m tests.faults.campaign --times $(TIMES) --http $(HTTP) $(if $(filter 1,$(TIMES)),--stopped-s 5 --frozen-s 3)

MINUTES ?= 30
EVERY_S ?= 120

soak: install ## load for MINUTES, every part restarted every EVERY_S; fails where anything is lost or memory grows
	$(BIN)/python -m tests.faults.soak --minutes $(MINUTES) --every-s $(EVERY_S)

fuzz: install ## ask everything that the OpenAPI document allows or forbids, at random; fails where an answer is not as it says
	$(BIN)/python -m tests.fuzz.run $(if $(SEED),--seed $(SEED))

explore: install ## whatever is tested by examples, TIMES times with ones that nobody may have tried
	for _ in $$(seq $(TIMES)); do $(BIN)/pytest -q -n 2 --hypothesis-profile others -m "hypothesis and not browser" || exit 1; done

bench: install ## what rules cost, compiled and decided on; fails where it is too much
	$(BIN)/python -m loadtests.bench_engine

bench-config: install ## what putting, publishing and restoring 10,000 rules takes while decisions go on; fails from 10 s
	$(BIN)/python -m loadtests.bench_config

bench-journal: install ## what durability costs a decision, and how fast the journal is shipped
	$(BIN)/python -m loadtests.bench_journal

bench-gate: install ## what answering costs beside a bare ASGI app, without sockets
	$(BIN)/python -m loadtests.speed.gate

bench-http: install ## the same over sockets, with wrk (of Debian), on two cores
	$(BIN)/python -m loadtests.speed.bench_http

profile: install ## where the time of a hot decision goes: a flame graph in .local, and the dearest functions
	$(BIN)/python -m loadtests.speed.profile

bench-hot: install ## what profiles at hand cost a worker: room, pauses, CPU; fails where a pause is too long
	$(BIN)/python -m loadtests.bench_hot

bench-impact: install ## what a draft would change for 50,000 logged visitors; fails where that takes a minute, or is wrong
	$(BIN)/python -m loadtests.bench_impact

BENCH ?=

bench-results: install ## results of 10 million units, and how fast they are counted (25 GB); BENCH="--units 1000000" for fewer
	$(BIN)/python -m loadtests.bench_results $(BENCH)

SEED ?=

calibrate: install ## simulate every statistic under a minute; fails where a figure leaves its band
	$(BIN)/python -m loadtests.calibrate $(if $(SEED),--seed $(SEED))

calibrate-http: install ## 200 A/A experiments over 20,000 visitors through the real service; fails where one errs
	$(BIN)/python -m loadtests.calibrate_http $(if $(SEED),--seed $(SEED))

LOCK := uv pip compile --universal --generate-hashes --no-emit-index-url --no-header -q pyproject.toml

lock: ## compile both locks anew, what runs and what tests (needs uv)
	$(LOCK) -o requirements.lock
	$(LOCK) --all-extras -c requirements.lock -o tests/requirements.lock

clean: ## forget everything that was built or kept here
	rm -rf .venv .local .mypy_cache .ruff_cache .pytest_cache .hypothesis

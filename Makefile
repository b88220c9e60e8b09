# What one can do here. `make run` and `make test` install what is missing (scripts/setup says what).
.DEFAULT_GOAL := help
.PHONY: help setup build run test bench overload autoscaling simulate fuzz chaos stack stack-test lint format clean

help:
	@echo "make run     install what is missing, build, start everything on this machine (tidemark dev)"
	@echo "make test    install what is missing, build, run every test on private servers"
	@echo "make bench   measure, and write docs/benchmarks.md"
	@echo "make overload  a gateway at many times its load: what it answers, refuses and holds"
	@echo "make autoscaling  play the autoscaler's traces, and write the tables and pictures of docs/autoscaling.md"
	@echo "make simulate SEEDS=10000   run the store against simulated servers and faults, as long as asked"
	@echo "make fuzz INPUTS=1000000    feed every decoder, and the HTTP API, with what nobody meant to send"
	@echo "make chaos ROUNDS=3   make every fault on real servers, and write the table of docs/reliability.md"
	@echo "make stack   the whole stack, with Docker Compose: nginx, gateways, projectors, all servers, watching"
	@echo "make stack-test   boot it without a registry, break it, scale it, take it down (as root; docs/stack.md)"
	@echo "make lint    formatting, shell scripts, YAML, manifests, alert rules, dashboards, SQL"

setup:
	@scripts/setup

run: setup
	swift build -c release --product tidemark
	@# In place of the shell, so that who ends make ends it, too.
	exec "$$(swift build -c release --show-bin-path)/tidemark" dev $(ARGS)

test:
	@scripts/setup --test
	scripts/test

bench:
	@scripts/setup --bench
	scripts/benchmark

overload:
	@scripts/setup --bench
	scripts/overload

autoscaling: setup
	scripts/autoscaling

SEEDS ?= 10000
simulate:
	swift build -c release --product tidemark-simulate
	"$$(swift build -c release --show-bin-path)/tidemark-simulate" --seeds $(SEEDS) $(ARGS)

INPUTS ?= 1000000
fuzz: setup
	FUZZ_INPUTS=$(INPUTS) scripts/test --no-parallel --filter '^FuzzTests\.'
	scripts/fuzz-http

ROUNDS ?= 1
SEED ?= 1
chaos: setup
	ROUNDS=$(ROUNDS) SEED=$(SEED) scripts/chaos

stack:
	compose/secrets.sh
	cd compose && REVISION=$$(git rev-parse HEAD) $$(docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose) up --detach

stack-test:
	@scripts/setup --stack
	scripts/stack-test

lint:
	@scripts/setup --lint
	scripts/lint

format:
	find Sources Tests migrations -name '*.swift' ! -name '*.pb.swift' -print0 | xargs -0 swift format -i Package.swift

clean:
	swift package clean

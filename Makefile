# Each target does all of its set-up: a fresh machine needs Rust and this directory.

.PHONY: help demo test matrix soak lint bench build

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the Activity database on an embedded server: applied, used, changed by hand, put right
	@./scripts/install-postgresql
	@./scripts/demo

test: ## every test, against real servers
	@./scripts/install-postgresql openssl curl git jq
	cargo test --locked

matrix: ## every test on every major of PostgreSQL, 14 to 18; MAJORS says which, FILTER which tests
	@./scripts/install-postgresql openssl curl git jq
	@./scripts/matrix $(MAJORS)

soak: ## thousands of random pairs of states under the case contract; DBSTATE_PAIRS says how many
	@./scripts/install-postgresql
	DBSTATE_PAIRS=$${DBSTATE_PAIRS:-5000} cargo test --locked --test it random_pairs -- --nocapture

lint: ## formatting, lints, licences, sources and known vulnerabilities of the dependencies
	@./scripts/lint

bench: ## how long a start and an empty plan take, beside psql and pg_dump
	@./scripts/install-postgresql
	cargo bench --locked --bench start

build: ## the release binary, target/release/dbstate
	cargo build --release --locked

# Each target does all of its set-up: a fresh machine needs Rust and this directory.

.PHONY: help demo test matrix soak kills stalls fuzz lint bench build install

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the Activity database on an embedded server: applied, used, changed by hand, put right
	@./scripts/install-postgresql
	@./scripts/demo

test: ## every test, against real servers
	@./scripts/install-postgresql openssl curl git jq pgbouncer xmllint
	cargo test --locked

matrix: ## every test on every major of PostgreSQL, 14 to 18; MAJORS says which, FILTER which tests
	@./scripts/install-postgresql openssl curl git jq pgbouncer xmllint
	@./scripts/matrix $(MAJORS)

soak: ## thousands of random pairs of states under the case contract; DBSTATE_PAIRS says how many
	@./scripts/install-postgresql
	DBSTATE_PAIRS=$${DBSTATE_PAIRS:-5000} cargo test --locked --test it random_pairs -- --nocapture

kills: ## hundreds of applies killed in all manners at random moments, and finished by the next; DBSTATE_KILLS says how many
	@./scripts/install-postgresql
	DBSTATE_KILLS=$${DBSTATE_KILLS:-300} cargo test --locked --test it an_apply_that_is_killed -- --nocapture

stalls: ## how long writers wait while a big table changes online, beside the same in one transaction; DBSTATE_STALLS says how many rows
	@./scripts/install-postgresql
	DBSTATE_STALLS=$${DBSTATE_STALLS:-2000000} cargo test --locked --test it writers_go_on_while -- --nocapture

fuzz: ## files, connection strings and rows of catalogs changed by chance, each reader for a minute; DBSTATE_FUZZ says how many seconds
	@./scripts/install-postgresql
	DBSTATE_FUZZ=$${DBSTATE_FUZZ:-60} cargo test --locked --test it fuzz:: -- --nocapture

lint: ## formatting, lints, licences, sources and known vulnerabilities of the dependencies
	@./scripts/lint

bench: ## times and memory of 100 to 10,000 tables beside pg_dump, and of many databases; DBSTATE_BENCH="start 100" says which
	@./scripts/install-postgresql
	cargo bench --locked --bench speed -- $(DBSTATE_BENCH)

build: ## the release binary, target/release/dbstate, and its man pages in target/man
	cargo build --release --locked
	./target/release/dbstate man -q -o target/man

PREFIX ?= /usr/local
install: build ## the binary, its man pages and the completions of bash, zsh and fish; PREFIX says where (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 target/release/dbstate $(DESTDIR)$(PREFIX)/bin/dbstate
	install -m 644 target/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	./scripts/completions target/release/dbstate $(DESTDIR)$(PREFIX)/share

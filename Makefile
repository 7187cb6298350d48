# The only command list: CI calls these targets too.
.DEFAULT_GOAL := help

# Cases recorded from upstream, where they lie beside the repository.
ifneq ($(wildcard ../shared/cases/README.md),)
export EXTDNS_CASES ?= $(abspath ../shared/cases)
endif

.PHONY: help new-provider new-source docs demo bench often test setup fmt lint template isolated unit properties fuzz chaos image static dist site deploy-check clean-demo build-SyncFunction build-RelayFunction

help: ## Show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: toolchain ## Example cluster to zone files: plan, apply, nothing to do, one change
	@examples/demo.sh

# Each program by itself, as it is shipped: built with others, its crates have other features. ARGS: `--only TEXT` for some workloads, `--write-baseline` to take the figures over.
bench: toolchain ## What runs cost: time, memory, calls; fails above the bars (minutes)
	cargo build --release -p external-dns
	cargo build --release -p extdns-fn-sync
	cargo build --release -p extdns-fn-relay
	cargo build --release -p extdns-bench
	$${CARGO_TARGET_DIR:-target}/release/extdns-bench $(ARGS)

# When the peaks of `make bench` rise without another reason.
often: MAP = $(abspath $(or $(CARGO_TARGET_DIR),target))/release/external-dns.map
often: toolchain ## Find what runs call, so that it stands together in the programs (minutes)
	cargo rustc --release -p external-dns --bin external-dns -- -C link-arg=-Wl,-Map=$(MAP)
	cargo run --release -p extdns-bench -- often $(MAP)

test: toolchain ## Install what the tests need, check format and lints, run every test, say where the time went
	@tests/timed setup fmt lint template site isolated unit image chaos

# With CI=true a missing server fails the run; elsewhere its tests are skipped by name.
setup: ## Install and build the servers that the tests run against
	@tests/setup || [ "$$CI" != true ]

fmt: ## Check the format
	cargo fmt --all --check

lint: ## Lint everything, warnings are errors
	cargo clippy --workspace --all-targets --all-features -- -D warnings

template: ## Check the CloudFormation templates, without an account or a network
	@place=$$(tests/setup sam | cut -d' ' -f3) && [ -n "$$place" ] || { echo "skipped: the SAM CLI is missing" >&2; [ "$$CI" != true ]; exit; }; \
	 AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 "$$place/bin/sam" validate --lint --template template.yaml && \
	 "$$place/bin/cfn-lint" template.yaml infra/aws/*.yaml

# `test` does the same in parts. There is no Terraform here to be checked, and what `infra/ci` has is run by tests.
deploy-check: template ## Check all that deploys, without an account: templates, policies, chart, kustomizations, on a real API server
	cargo test --workspace --all-features --test e2e -- deploy:: artefacts:: broken::

isolated: ## Check each library crate alone, so that none leans on another's features, and the program without AWS
	@for crate in model auth plan registry clusters sources providers relay sync; do \
	  echo "cargo check -p extdns-$$crate"; cargo check --quiet -p extdns-$$crate || exit 1; \
	done
	cargo check --quiet -p external-dns --no-default-features

# The seed makes the random inputs of a run those of every run; `properties` and `fuzz` try others.
unit: ## Run the tests, with the same random inputs each time, and each fuzz test for 30 seconds
	PROPTEST_RNG_SEED=1 FUZZ_SECONDS=30 cargo test --workspace --all-features

# Behind `unit`, whose build has most of what a static build needs.
image: ## Build the static program and the image, and run both without anything of this machine
	$(MAKE) --no-print-directory dist STATIC_PROFILE=dev
	cargo install --quiet --locked --path functions/once --profile dev --root target/install
	EXTDNS_STATIC=$(abspath target/static) cargo test --workspace --all-features --test e2e image:: -- --ignored

CASES ?= 20000
properties: toolchain ## Run the tests with other random inputs each time, CASES=20000 for each property
	env -u PROPTEST_RNG_SEED PROPTEST_CASES=$(CASES) cargo test --workspace --all-features --lib --test it

fuzz: toolchain ## Run each fuzz test with other random inputs each time, for SECONDS=60
	env -u PROPTEST_RNG_SEED FUZZ_SECONDS=$(SECONDS) cargo test --workspace --all-features --test it --test fuzz --test relay without_a_panic

# A failure says how to run its round alone: SEED, KIND and ROUND. The build is that of `unit`, so that nothing is built
# twice.
SECONDS ?= 60
SEED ?= 1
chaos: toolchain ## Hostile servers, inputs and kills for SECONDS=60 with SEED=1; KIND and ROUND for one round
	cargo test --quiet --workspace --all-features --no-run
	$${CARGO_TARGET_DIR:-target}/debug/extdns-chaos --seconds $(SECONDS) --seed $(SEED) $(if $(KIND),--kind $(KIND)) $(if $(ROUND),--round $(ROUND))

new-provider: ## A provider to fill in, from templates/provider: NAME=x
	@templates/new provider '$(NAME)'

new-source: ## A source to fill in, from templates/source: NAME=x
	@templates/new source '$(NAME)'

docs: toolchain ## Write what is generated: pages of providers, configuration, flags, report; table and roles of sources
	UPDATE_EXPECT=1 cargo test --quiet -p extdns-sources --all-features --lib pages::
	UPDATE_EXPECT=1 cargo test --quiet -p extdns-providers --all-features --lib pages::
	UPDATE_EXPECT=1 cargo test --quiet -p extdns-sync --all-features --lib the_schema
	UPDATE_EXPECT=1 cargo test --quiet -p extdns-sync --all-features --lib the_page_of_flags

# A page that no table of docs/README.md names fails it, and so does a link to what is not there.
site: ## Make the site of docs/ in target/site/book, and check its links
	@place=$$(tests/setup site | cut -d' ' -f3) && [ -n "$$place" ] || { echo "skipped: mdBook is missing" >&2; [ "$$CI" != true ]; exit; }; \
	 mkdir -p target/site && cp infra/site/book.toml target/site && infra/site/pages.py docs target/site/src && \
	 "$$place/bin/mdbook" build target/site && \
	 "$$place/bin/lychee" --offline --include-fragments --no-progress --root-dir "$(CURDIR)/target/site/book" target/site/book

# `sam build` calls this for template.yaml. LAMBDA_TARGET builds for another processor than this machine's
# (aarch64-unknown-linux-gnu, with its linker), LAMBDA_PROFILE=dev is quick and large.
LAMBDA_PROFILE ?= release
LAMBDA_TARGET ?=
LAMBDA_FOLDER = $(or $(CARGO_TARGET_DIR),target)/$(if $(LAMBDA_TARGET),$(LAMBDA_TARGET)/)$(if $(filter dev,$(LAMBDA_PROFILE)),debug,$(LAMBDA_PROFILE))
build-SyncFunction: LAMBDA_NAME = extdns-fn-sync
build-RelayFunction: LAMBDA_NAME = extdns-fn-relay

build-SyncFunction build-RelayFunction: toolchain
	cargo build --locked -p $(LAMBDA_NAME) --profile $(LAMBDA_PROFILE) $(if $(LAMBDA_TARGET),--target $(LAMBDA_TARGET))
	infra/aws/glibc $(LAMBDA_FOLDER)/$(LAMBDA_NAME)
	cp $(LAMBDA_FOLDER)/$(LAMBDA_NAME) $(ARTIFACTS_DIR)/bootstrap

# The program as one file that needs nothing of the machine, with what it is made of. Only its own crate is told to link
# statically, so all others are those of any build. STATIC_PROFILE=dev is quick and large; STATIC_TARGET and STATIC_CC build for
# another processor (aarch64-unknown-linux-gnu, aarch64-linux-gnu-gcc).
STATIC_PROFILE ?= release
STATIC_TARGET ?=
STATIC_CC ?= cc
STATIC = target/static$(if $(STATIC_TARGET),/$(STATIC_TARGET))
STATIC_BUILT = $(or $(CARGO_TARGET_DIR),target)/$(if $(STATIC_TARGET),$(STATIC_TARGET)/)$(if $(filter dev,$(STATIC_PROFILE)),debug,$(STATIC_PROFILE))/external-dns
DLSYM = $(STATIC)/dlsym.o
TRIPLE = $(or $(STATIC_TARGET),$(shell rustc -vV | sed -n 's/^host: //p'))
static: toolchain ## The program as one static file in target/static, with its licences and its bill of materials
	mkdir -p $(STATIC)
	$(STATIC_CC) -O2 -c infra/image/dlsym.c -o $(DLSYM)
	cargo rustc --locked -p external-dns --bin external-dns --profile $(STATIC_PROFILE) $(if $(STATIC_TARGET),--target $(STATIC_TARGET)) \
	  -- -C linker=$(STATIC_CC) -C target-feature=+crt-static -C relocation-model=static -C strip=symbols \
	  -C link-arg=-Wl,--wrap=dlsym -C link-arg=$(DLSYM)
	cp $(STATIC_BUILT) $(STATIC)/external-dns
	rm $(DLSYM)
	infra/image/contents.py $(STATIC)/doc $(TRIPLE)
	cp LICENSE README.md $(STATIC)/doc

# What is in it depends on the commit, Rust and the C library alone: no path, time or user is in it.
DIST = target/dist
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
REMAP = --remap-path-prefix=$(CURDIR)=/src --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo
dist: export CARGO_BUILD_RUSTFLAGS += $(if $(filter dev,$(STATIC_PROFILE)),,$(REMAP))
dist: static ## A release: target/dist with an archive of `make static` and its checksum
	$(if $(STATIC_TARGET),,infra/image/texts $(STATIC))
	infra/image/archive $(STATIC) $(DIST) external-dns-$(VERSION)-$(TRIPLE)

clean-demo: ## Remove what the demo wrote
	rm -rf target/demo

# Edition 2024 and the standard library's file locks ask for this version.
CARGO_MINIMUM := 1.95
.PHONY: toolchain
toolchain:
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust $(CARGO_MINIMUM) or newer, see https://rustup.rs" >&2; exit 1; }
	@found=$$(cargo --version | cut -d' ' -f2); \
	 printf '%s\n%s\n' "$(CARGO_MINIMUM)" "$$found" | sort -V -C || \
	 { echo "cargo $$found is too old: extdns needs $(CARGO_MINIMUM) or newer (rustup update stable)" >&2; exit 1; }

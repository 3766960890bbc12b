# TrackMyDegree. `make help` lists what there is.
SHELL   := /bin/bash
BIN     := $(CURDIR)/.bin
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X github.com/trackmydegree/trackmydegree/internal/cli.version=$(VERSION)
PKG     ?= ./...
FUZZ    ?= 30s

export PATH := $(BIN):$(PATH)

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build .bin/tmd
	@mkdir -p $(BIN)
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/...

.PHONY: run
run: build ## Run everything in one process on the embedded default: no server to install
	@exec .bin/tmd all

.PHONY: deps
deps: ## Install what the tests need: redis-server, a MongoDB test server, a browser
	@hack/deps.sh test

.PHONY: test
test: deps build ## Run every test, with the race detector, against real servers
	go vet ./...
	go test -race -timeout 15m $(PKG)

.PHONY: lint
lint: ## Run the linters
	@hack/deps.sh lint
	golangci-lint run

.PHONY: bench
bench: deps build ## Run the benchmarks and the load scenarios of docs/performance.md
	go test -run '^$$' -bench . -benchmem ./internal/...
	go test -count=1 -timeout 30m -tags load -run Load -v ./tests/load

.PHONY: fuzz
fuzz: ## Fuzz every reader of outside bytes, FUZZ=30s each
	@hack/fuzz.sh $(FUZZ)

.PHONY: generate
generate: ## Write what is generated again: goldens and docs/configuration.md
	go test ./internal/config ./internal/document ./internal/timeline -update

.PHONY: verify
verify: generate ## Fail when something generated is stale
	@git diff --exit-code || { echo "generated files are stale: run 'make generate' and commit"; exit 1; }

.PHONY: check
check: lint test ## What CI runs

.PHONY: clean
clean: ## Remove what was built
	rm -rf $(BIN)

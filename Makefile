# TrackMyDegree. `make help` lists what there is.
SHELL   := /bin/bash
BIN     := $(CURDIR)/.bin
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
MODULE  := github.com/trackmydegree/trackmydegree/internal
LDFLAGS := -s -w -X $(MODULE)/program.version=$(VERSION)
PKG     ?= ./...
FUZZ    ?= 30s
CHAOS   ?= 2m
SEED    ?= 0
RUN     ?= Chaos
IMAGE   ?= trackmydegree:$(VERSION)

export PATH := $(BIN):$(PATH)

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build .bin/tmd and .bin/tmd-controller
	@mkdir -p $(BIN)
	CGO_ENABLED=0 go build -trimpath -tags grpcnotrace -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/...

.PHONY: build-tmd
build-tmd: ## Build .bin/tmd alone: without the libraries of Kubernetes
	@mkdir -p $(BIN)
	CGO_ENABLED=0 go build -trimpath -tags grpcnotrace -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/tmd

.PHONY: run
run: build-tmd ## Run everything in one process on the embedded default: no server to install
	@exec .bin/tmd all

.PHONY: deps
deps: ## Install what the tests of make test need: redis-server, a MongoDB and an S3 test server
	@hack/deps.sh test

# KUBE are the packages that need the libraries of Kubernetes, or an API server. FAST are those that start no server and no process.
KUBE := ./cmd/tmd-controller ./internal/app/controllerapp ./internal/controller/... ./internal/controllercmd/... ./internal/testenv/kube/...
FAST := ./internal/fault ./internal/warning ./internal/term ./internal/document/... ./internal/catalogue/... ./internal/audit/... \
	./internal/timeline/... ./internal/job ./internal/resultcodec ./internal/config ./internal/problem ./internal/submit

# DRAWN are the packages whose tests generate thousands of inputs or compile PDFium. They start no server.
DRAWN := ./internal/pdftext ./internal/plainpdf ./internal/document/... ./internal/audit/... ./internal/timeline/... ./internal/timelines ./internal/catalogue

# STATIC are the packages of tests/ whose tests start nothing of the project in their own process.
STATIC := ./alerts ./architecture ./openapi

# ANSWERS is where the tests of internal/httpapi record their answers, for tests/openapi.
ANSWERS := $(CURDIR)/.cache/answers.jsonl

.PHONY: test-fast
test-fast: ## Run within a minute the tests that need no server: the domain, submit, configuration, import rules
	go test $(FAST)
	@# The tests read files outside of their module, which the cache of results does not see.
	cd tests && go test -count=1 ./architecture

.PHONY: test
test: deps build-tmd ## Run every test but those of the chart, on Kubernetes and in a browser, with the race detector, against real servers
	@# PDFium is compiled once, for the tests of all packages: with the race detector that takes most of a minute.
	go test -run '^TestWords$$' ./internal/pdftext
	@mkdir -p $(dir $(ANSWERS)) && rm -f $(ANSWERS)
	TMD_RECORD_ANSWERS=$(ANSWERS) go test -race -timeout 15m $$(go list $(PKG) | grep -vxFf <(go list $(KUBE) $(if $(filter ./...,$(PKG)),$(DRAWN))))
	@# The detector makes generated inputs and the compilation of PDFium ten times as slow: it gets a part, and all runs without it.
	[ '$(PKG)' != ./... ] || go test -race -short -timeout 15m $(DRAWN)
	[ '$(PKG)' != ./... ] || go test -timeout 15m $(DRAWN)
	@# What only reads files and runs programs has nothing for the detector to see.
	[ '$(PKG)' != ./... ] || (cd tests && TMD_RECORD_ANSWERS=$(ANSWERS) go test -count=1 -timeout 15m $(STATIC))
	[ '$(PKG)' != ./... ] || (cd tests && go test -count=1 -race -timeout 15m $$(go list ./... | grep -vxFf <(go list ./browser ./chart $(STATIC))))

.PHONY: test-controller
test-controller: ## Run the tests of the controller against a Kubernetes API server, which is built first
	@hack/deps.sh test kube
	go test -race -timeout 15m $(KUBE)

.PHONY: test-browser
test-browser: ## Run the tests of the page in a browser, which is installed first
	@hack/deps.sh browser
	go test -run '^TestWords$$' ./internal/pdftext
	cd tests && go test -timeout 10m ./browser

.PHONY: page
page: ## Render each view of the page into .cache/page, on a phone and a desktop, in both languages, to be looked at
	@hack/deps.sh browser
	cd tests && PAGE_SCREENS=$(CURDIR)/.cache/page PAGE_STATES=$(STATES) go test -count=1 -timeout 10m -run '^TestScreens$$' ./browser
	@echo "look at the files in .cache/page"

.PHONY: lint
lint: ## Run the linters
	@hack/deps.sh lint
	go mod tidy -diff
	cd tests && go mod tidy -diff
	golangci-lint run
	cd tests && golangci-lint run
	@# The shell scripts in it are not checked, so that every machine gives the same answer.
	actionlint -shellcheck= -pyflakes=

.PHONY: bench
bench: deps build ## Run the benchmarks and load scenarios of docs/performance.md; COMPARE=REV measures that revision and this one in turn, COMPARE=instrumentation this one without and with traces and logs
ifeq ($(COMPARE),instrumentation)
	cd tests && go test -count=1 -timeout 60m -tags load -run '^TestCompare$$' -v ./load -args -instrumentation $(ARGS)
else ifdef COMPARE
	hack/build-revision.sh $(COMPARE) $(CURDIR)/.cache/compare
	cd tests && go test -count=1 -timeout 60m -tags load -run '^TestCompare$$' -v ./load -args -compare $(CURDIR)/.cache/compare/tmd $(ARGS)
else
	go test -run '^$$' -bench . -benchmem ./internal/...
	cd tests && go test -count=1 -timeout 30m -tags load -run Load -v ./load
endif

.PHONY: chaos
chaos: deps build ## Inject faults under load for CHAOS=2m and check that no accepted job is lost; SEED=n repeats a schedule
	cd tests && nice go test -count=1 -timeout 2h -tags chaos -v -run '^Test$(RUN)$$' ./chaos -args -duration $(CHAOS) -seed $(SEED) $(ARGS)

.PHONY: fuzz
fuzz: ## Fuzz every reader of outside bytes, FUZZ=30s each
	@hack/fuzz.sh $(FUZZ)

.PHONY: mutations
mutations: ## Damage MUTATIONS=10000 records in every way: what is read is the same, a warning or a fault. DAY=20261128 repeats a day's
	MUTATIONS=$(or $(MUTATIONS),10000) go test -count=1 -v -run 'OfTheDay' ./internal/document

.PHONY: producers
producers: ## Print a record with every program that is installed, put it through every processor, and read each file
	cd tests && go test -count=1 -tags producers -v ./producers

.PHONY: audit
audit: ## Check the modules of the programs: checksums, licences, known vulnerabilities. Works offline
	@hack/deps.sh audit
	hack/audit.sh

.PHONY: dependencies
dependencies: ## Write docs/dependencies.md again
	@hack/deps.sh audit
	licences . ./cmd/... > docs/.dependencies.tmp
	mv docs/.dependencies.tmp docs/dependencies.md

.PHONY: chart
chart: ## Write the chart's schema and README again, from its values.yaml
	@hack/deps.sh chart
	chart-values charts/trackmydegree > charts/trackmydegree/.schema.tmp
	mv charts/trackmydegree/.schema.tmp charts/trackmydegree/values.schema.json
	@# Helm does not pass values.yaml to templates: this copy without the comments holds the defaults of empty keys.
	{ echo '# Written by make chart from values.yaml, without its comments: the defaults of empty keys.'; \
		grep -vE '^[[:space:]]*(#|$$)' charts/trackmydegree/values.yaml; } > charts/trackmydegree/files/defaults.yaml
	helm-docs --chart-search-root charts --sort-values-order file --skip-version-footer --log-level warning

.PHONY: chart-test
chart-test: ## Test the chart: lint, schemas, Pod Security, score, unit tests
	@hack/deps.sh chart
	hack/chart-test.sh
	cd tests && go test -count=1 -timeout 15m ./chart

.PHONY: e2e
e2e: ## Test the chart on a live cluster: that of KUBECONFIG, or one that is started on this machine (root)
	@hack/deps.sh cluster
	@# The first build of Kubernetes and KEDA takes longer than the tests, so it runs before them.
	@[ -n "$$KUBECONFIG" ] || hack/cluster/build.sh
	cd tests && go test -count=1 -timeout 90m -tags e2e -v -run 'TestCluster/$(CHAPTERS)' $(if $(SKIP),-skip 'TestCluster/$(SKIP)') ./e2e

.PHONY: k8s
k8s: chart ## Write the plain manifests of k8s/ again, from the chart
	chart-kustomize .bin/helm charts/trackmydegree k8s

.PHONY: proto
proto: ## Write the code of KEDA's protocol again, from its .proto
	@hack/deps.sh proto
	protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative \
		internal/controller/scaler/externalscaler/externalscaler.proto

.PHONY: image
image: ## Build the image with Docker
	docker build --build-arg VERSION=$(VERSION) --build-arg REVISION=$$(git rev-parse HEAD) -t $(IMAGE) .

.PHONY: dockerfile
dockerfile: ## Build the Dockerfile with buildah, without Docker, and check the image (root); TOOLCHAIN=--toolchain needs no registry
	hack/dockerfile.sh $(TOOLCHAIN)

.PHONY: release
release: ## Build the files of a release into dist/: image for two architectures, chart, SBOM, provenance, checksums
	@hack/deps.sh release
	hack/release.sh build

.PHONY: publish
publish: ## Push dist/ to RELEASE_REGISTRY and sign it there
	hack/release.sh publish

.PHONY: test-release
test-release: ## Build a release, publish it in a registry on loopback, verify and mirror it
	@hack/deps.sh release
	hack/release-test.sh

.PHONY: test-kin
test-kin: ## Run the tests of the queue against Redis 8, Valkey 8 and 9, and Redict; KIN=valkey-9 takes one of them
	hack/redis-kin.sh $(KIN)

.PHONY: generate
generate: k8s ## Write all generated files again: goldens, docs/configuration.md, the files of the chart
	go test ./internal/config ./internal/document ./internal/timeline ./internal/httpapi/page -update

.PHONY: verify
verify: generate ## Fail when something generated is stale
	@git diff --exit-code && test -z "$$(git status --porcelain -- charts k8s)" || { echo "generated files are stale: run 'make generate' and commit"; exit 1; }

.PHONY: check
check: lint audit test test-controller test-browser chart-test ## What CI runs

.PHONY: clean
clean: ## Remove what was built
	rm -rf $(BIN)

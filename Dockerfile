# syntax=docker/dockerfile:1

# The toolchain. A release pins it: --build-arg GO_IMAGE=docker.io/library/golang:1.26@sha256:…
ARG GO_IMAGE=docker.io/library/golang:1.26

FROM ${GO_IMAGE} AS build
WORKDIR /src
# Modules change less often than the code.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY cmd cmd
COPY internal internal
COPY hack/rootfs.sh hack/
COPY charts/trackmydegree/files charts/trackmydegree/files
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build VERSION=${VERSION} hack/rootfs.sh /image

# No base image, which would have to be pinned, patched and trusted, and no shell. hack/rootfs.sh builds the contents.
FROM scratch
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="TrackMyDegree" \
      org.opencontainers.image.description="From a transcript to a timeline: API, worker and parser" \
      org.opencontainers.image.source="https://github.com/trackmydegree/trackmydegree" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image /
ENV TMD_CACHE_SEED=/usr/share/tmd/cache
# A number, because Kubernetes cannot check whether a name is root.
USER 65532:65532
# One image for every role: the first argument selects it. The controller is another program, /tmd-controller.
ENTRYPOINT ["/tmd"]

# One image for every role: `tidemark gateway`, `projector`, `migrate` and the rest.
#
#   docker build -t tidemark:0.1.0 --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" .
#
# With `--target prebuilt` the context is a folder with a binary, `tidemark`, that was built on the same Debian.
ARG RUNTIME_IMAGE=debian:12.12-slim
ARG SWIFT_IMAGE=swift:6.3.1-bookworm

FROM ${RUNTIME_IMAGE} AS runtime
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates libhiredis0.14 libpq5 librabbitmq4 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tidemark
USER 10001:10001
# A backtrace on a crash would need symbols and a writable folder that are not here; the exit status says enough.
ENV SWIFT_BACKTRACE=enable=no
ENTRYPOINT ["/usr/local/bin/tidemark"]
CMD ["--help"]
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tidemark" \
      org.opencontainers.image.description="A key-value store over HTTP whose every write is an event" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

FROM runtime AS prebuilt
COPY tidemark /usr/local/bin/tidemark

FROM ${SWIFT_IMAGE} AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libhiredis-dev libpq-dev librabbitmq-dev pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /tidemark
# Dependencies by themselves: a change of our sources does not fetch them again.
COPY Package.swift Package.resolve[d] ./
RUN swift package resolve
COPY Sources Sources
COPY Tests Tests
COPY migrations migrations
# Sources/LocalStack links to what is here.
COPY compose/nginx compose/nginx
RUN swift build --configuration release --static-swift-stdlib --product tidemark \
    && install -D --strip "$(swift build --configuration release --show-bin-path)/tidemark" /out/tidemark

FROM runtime
COPY --from=build /out/tidemark /usr/local/bin/tidemark

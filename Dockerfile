# syntax=docker/dockerfile:1
# The edge alone, on a small base, not as root.
#   docker build -t selvedge .
#   docker run -p 8080:8080 selvedge --origin http://app:3000

FROM rust:1.95-slim-bookworm AS build
# jemalloc and zstd are built from C.
RUN apt-get update && apt-get install -y --no-install-recommends make gcc libc6-dev \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src ./src
# The reference of the keys, which is part of the binary.
COPY config ./config
# Cargo.toml names them, and cargo reads no manifest whose targets are missing.
COPY benches/hit.rs benches/tags.rs ./benches/
RUN cargo build --locked --release --bin selvedge \
  && cp target/release/selvedge /usr/local/bin/selvedge

FROM debian:bookworm-slim
# Files of older builds; a volume here outlives the container.
RUN useradd --system --uid 10001 --no-create-home selvedge \
  && install -d -o 10001 /var/cache/selvedge
ENV SELVEDGE_VAULT_DIR=/var/cache/selvedge
COPY --from=build /usr/local/bin/selvedge /usr/local/bin/selvedge
USER 10001
EXPOSE 8080
# Asks the binary's own admin address, so that the image needs no curl.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["selvedge", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["selvedge"]

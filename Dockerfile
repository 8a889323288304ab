# syntax=docker/dockerfile:1

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# The caches are not part of the image, so the binary leaves them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin dbstate && cp target/release/dbstate /usr/local/bin/dbstate

FROM debian:bookworm-slim
# The certificate authorities that sslmode=verify-full trusts with sslrootcert=system.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /project --no-create-home dbstate
COPY --from=build /usr/local/bin/dbstate /usr/local/bin/dbstate
# Where dbstate looks for dbstate.yaml, or schema.yaml and roles.yaml. Passwords come by the environment only.
WORKDIR /project
USER 10001:10001
ENTRYPOINT ["dbstate"]
CMD ["--help"]

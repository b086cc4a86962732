# Super Invites as an image: one binary, which runs as any user, on a read-only root, without capabilities.
# The folder /data is for a SQLite database, and for the configuration, super-invites.yaml, unless SUPER_INVITES_CONFIG names another file.

# Compiled on the machine that builds, also for another one (docker buildx build --platform linux/amd64,linux/arm64): in emulation it would take hours.
FROM --platform=$BUILDPLATFORM docker.io/library/rust:1.95-trixie AS build
ARG BUILDARCH
ARG TARGETARCH
WORKDIR /src
# What is built with changes seldom: it stays in a layer of its own.
COPY Cargo.lock ./
COPY scripts/common.sh scripts/setup scripts/
COPY style/package.json style/package-lock.json style/
ENV SUPERINVITES_CACHE=/cache
RUN scripts/setup build
RUN if [ "$TARGETARCH" != "$BUILDARCH" ]; then scripts/setup "$TARGETARCH"; fi
COPY . .
RUN case "$TARGETARCH" in amd64) machine=x86_64 ;; arm64) machine=aarch64 ;; *) machine= ;; esac \
    && scripts/release ${machine:+--target "$machine-unknown-linux-gnu"} /out && mkdir /data

FROM gcr.io/distroless/cc-debian13:nonroot
LABEL org.opencontainers.image.title="Super Invites" \
      org.opencontainers.image.description="Invite codes for Matrix homeservers: whoever redeems one is in all of its rooms a moment later" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/super-invites /super-invites
# What is in it.
COPY --from=build /out/super-invites.cdx.json /usr/share/doc/super-invites/
# The base image's user, for those who name no other one.
COPY --from=build --chown=65532:65532 /data /data
WORKDIR /data
# Inside a container the loopback interface is of no use to anybody else.
ENV SUPER_INVITES_LISTEN=0.0.0.0:8090
# For health and metrics, the loopback interface is what it is outside as well: SUPER_INVITES_INTERNAL_LISTEN=0.0.0.0:8091 opens them to the
# networks that the container is in.
EXPOSE 8090
# Asks the service alone: it is healthy while the homeserver is down. The interval is also the wait before the first check, and proxies such as
# Traefik lead nobody here before that.
HEALTHCHECK --interval=5s --timeout=6s --start-period=10s CMD ["/super-invites", "healthcheck"]
ENTRYPOINT ["/super-invites"]
CMD ["serve"]

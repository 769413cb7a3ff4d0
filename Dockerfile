# The image of the service; docs/image.md has the numbers behind the choices.
#
# Both base images are arguments, so that a mirror can be used: --build-arg NODE_IMAGE=mirror.example.com/node:26-trixie-slim
# Their defaults are the two stages below, because Dependabot updates images in FROM and overlooks those in ARG
# (dependabot-core#2057). A stage that nobody asks for is not pulled.
ARG NODE_IMAGE=pinned-node
ARG RUNTIME_IMAGE=pinned-runtime

# The Node of .nvmrc; scripts/node-line.sh moves both to another line. Dependabot keeps the digests up to date.
FROM docker.io/library/node:26-trixie-slim@sha256:ec7758ee051e457b468b32bde57b0879010b325bb9862718e9615225ce4aaae1 AS pinned-node
FROM gcr.io/distroless/nodejs26-debian13:nonroot@sha256:2ee7b2c54a3e37dfc248af81c9f6bcdcaa50abe4af44aa47a3388431031b9283 AS pinned-runtime

# On the platform of the builder, whatever the image is for: nothing here is native code. A test watches over it.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Of the root alone: the rehearsal is a workspace, and nothing of it belongs here, neither its folder nor its packages.
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --workspaces=false --ignore-scripts

FROM dependencies AS build
RUN --mount=type=cache,target=/root/.npm npm ci --workspaces=false --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && rm dist/.tsbuildinfo

FROM ${RUNTIME_IMAGE}
# What changes rarely comes first: a release that changes no dependency is two small layers to pull. All of it is root's.
COPY --from=dependencies /app/node_modules /app/node_modules
COPY --from=build /app/package.json /app/
COPY --from=build /app/dist /app/dist
WORKDIR /app
ENV NODE_ENV=production
# By number: under runAsNonRoot the kubelet refuses a name, which it can't look up.
USER 65532:65532
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
# Node is PID 1 and gets the signals itself; no shell, no npm in between. No HEALTHCHECK: the kubelet has its own probes.
ENTRYPOINT ["/nodejs/bin/node"]
CMD ["--enable-source-maps", "/app/dist/main.js"]

# Last, because they are new in every build, and all of the above can come from the cache.
ARG VERSION=unknown
ARG REVISION=unknown
ENV SERVICE_REVISION=$REVISION
LABEL org.opencontainers.image.title="lastcall" \
      org.opencontainers.image.description="A Kubernetes-ready Express 5 + TypeScript service that leaves without losing a request" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"

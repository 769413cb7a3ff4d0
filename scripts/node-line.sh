#!/usr/bin/env bash
# Moves the image, the workflows and the editor's container to another line of Node: `scripts/node-line.sh 26`. Needs
# docker and the registries of the base images, which say the digests. docs/image.md has when to do that.
set -euo pipefail
cd "$(dirname "$0")/.."

line=${1:-}
[[ $line =~ ^[0-9]+$ ]] || { echo 'usage: node-line.sh LINE, such as 26' >&2 && exit 2; }
old=$(<.nvmrc)

# pin IMAGE: with the digest that its tag has now.
pin() {
  local digest
  digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1") || return
  echo "$1@$digest"
}
node=$(pin "docker.io/library/node:$line-trixie-slim")
runtime=$(pin "gcr.io/distroless/nodejs$line-debian13:nonroot")

echo "$line" >.nvmrc
sed -i -E "s|^(FROM ).*( AS pinned-node)$|\1$node\2|; s|^(FROM ).*( AS pinned-runtime)$|\1$runtime\2|" Dockerfile
sed -i "s|/node:$old-trixie-slim|/node:$line-trixie-slim|; s|/nodejs$old-debian13|/nodejs$line-debian13|" Dockerfile docs/image.md
sed -i "s|typescript-node:$old-|typescript-node:$line-|" .devcontainer/devcontainer.json

#!/usr/bin/env bash
# Makes the stack's images without a registry: a base by debootstrap, and on it Debian's packages. Needs root, Docker, docker-compose
# and debootstrap. What is there already is taken as it is (docker build's cache).
#
#   compose/airgap/build.sh BINARY    the `tidemark` to put into the image, built on Debian 12 with --static-swift-stdlib
set -euo pipefail
[[ $# == 1 && -x $1 ]] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
binary=$(realpath "$1")
cd "$(dirname "$0")/.."
compose=(docker-compose --env-file airgap/.env -f compose.yaml -f airgap/compose.override.yaml)
base=airgap/library/debian:12-minbase
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tidemark-airgap.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
# The builder that every Docker has.
export DOCKER_BUILDKIT=0

if ! docker image inspect "$base" >/dev/null 2>&1; then
    debootstrap --variant=minbase bookworm "$scratch/root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >/dev/null
    tar --directory "$scratch/root" --create . | docker import - "$base" >/dev/null
    echo "built $base"
fi

"${compose[@]}" config | sed -n 's/^ *image: //p' | sort -u | while read -r image; do
    target=${image##*/}
    target=${target%%:*}
    case $target in
        tidemark | grafana) ;;
        *)
            docker build --quiet --target "$target" --build-arg BASE="$base" --tag "$image" airgap >/dev/null
            echo "built $image"
            ;;
    esac
done

mkdir "$scratch/context"
install --strip "$binary" "$scratch/context/tidemark"
image=$(sed -n 's/^TIDEMARK_IMAGE=//p' airgap/.env)
docker build --quiet --file ../Dockerfile --target prebuilt --build-arg RUNTIME_IMAGE="$base" \
    --build-arg VERSION="${image##*:}" --build-arg REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
    --tag "$image" "$scratch/context" >/dev/null
echo "built $image"

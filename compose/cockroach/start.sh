#!/bin/bash
# One node of the cluster. CockroachDB wants its certificates in a folder of their own, the key for its eyes only.
set -euo pipefail
certificates=/run/cockroach
install -m 400 /run/secrets/ca_certificate "$certificates/ca.crt"
install -m 400 /run/secrets/node_certificate "$certificates/node.crt"
install -m 400 /run/secrets/node_key "$certificates/node.key"
exec /cockroach/cockroach start --certs-dir="$certificates" --store=/data --logtostderr=WARNING \
    --listen-addr=:26357 --advertise-addr="$HOSTNAME:26357" --sql-addr=:26257 --advertise-sql-addr="$HOSTNAME:26257" \
    --http-addr=:8080 --join=cockroach-1:26357,cockroach-2:26357,cockroach-3:26357 --cache=.25 --max-sql-memory=.25

#!/bin/sh
# The schema, and the two access keys that the stack is used with: the operator's, and Prometheus's for the gateways' figures.
# What is there is left as it is.
set -eu
tidemark migrate
tidemark keys create operator --verb read --verb write --verb delete --verb audit --verb admin --all-keys \
    --token-file /run/secrets/admin_token
tidemark keys create prometheus --verb audit --no-keys --token-file /run/secrets/metrics_token

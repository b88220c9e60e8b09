#!/bin/bash
# Whether this node takes statements: not while it starts, drains, or is cut off from the majority.
exec curl --fail --silent --show-error --output /dev/null --cacert /run/secrets/ca_certificate \
    'https://localhost:8080/health?ready=1'

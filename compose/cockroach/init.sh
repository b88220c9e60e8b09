#!/bin/bash
# Makes a cluster of the nodes, once, and the database and its user as the secrets say, each time.
set -euo pipefail
certificates=/run/cockroach
install -m 400 /run/secrets/ca_certificate "$certificates/ca.crt"
install -m 400 /run/secrets/root_certificate "$certificates/client.root.crt"
install -m 400 /run/secrets/root_key "$certificates/client.root.key"

# Says so, and fails, when it was done before.
if ! answer=$(/cockroach/cockroach init --certs-dir="$certificates" --host=cockroach-1:26357 2>&1) &&
    [[ $answer != *'already been initialized'* ]]; then
    echo "$answer" >&2
    exit 1
fi

# On standard input, where no list of processes shows it.
{
    echo 'CREATE DATABASE IF NOT EXISTS tidemark;'
    echo 'CREATE USER IF NOT EXISTS tidemark;'
    printf "ALTER USER tidemark WITH PASSWORD '%s';\n" "$(</run/secrets/database_password)"
    echo 'ALTER DATABASE tidemark OWNER TO tidemark;'
    licence=$(</run/secrets/cockroach_licence)
    [[ -z $licence ]] || printf "SET CLUSTER SETTING enterprise.license = '%s';\n" "${licence//[[:space:]]/}"
} | /cockroach/cockroach sql --certs-dir="$certificates" --host=cockroach-1:26257

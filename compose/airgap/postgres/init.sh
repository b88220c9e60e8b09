#!/bin/bash
# The database and its user, as the secrets say.
set -euo pipefail
run=/run/cockroach
umask 077
for name in ca_certificate root_certificate root_key; do install -m 400 "/run/secrets/$name" "$run/$name"; done
{
    echo "SELECT 'CREATE ROLE tidemark LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tidemark') \\gexec"
    printf "ALTER ROLE tidemark PASSWORD '%s';\n" "$(</run/secrets/database_password)"
    # For the exporter, which comes as this user, too.
    echo 'GRANT pg_monitor TO tidemark;'
    echo "SELECT 'CREATE DATABASE tidemark OWNER tidemark TEMPLATE template0 LC_COLLATE ''C'' LC_CTYPE ''C''' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'tidemark') \\gexec"
} | psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 "host=cockroach-1 port=26257 dbname=postgres user=root \
    sslmode=verify-full sslrootcert=$run/ca_certificate sslcert=$run/root_certificate sslkey=$run/root_key"

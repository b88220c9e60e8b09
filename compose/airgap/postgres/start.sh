#!/bin/bash
# One PostgreSQL in a node's place, with the node's certificate: cockroach-1 is the primary, the others follow it.
set -euo pipefail
export PATH="/usr/lib/postgresql/15/bin:$PATH" PGDATA=/data/postgresql
run=/run/cockroach
umask 077
for name in ca_certificate node_certificate node_key; do install -m 400 "/run/secrets/$name" "$run/$name"; done

if [[ ! -s $PGDATA/PG_VERSION ]]; then
    rm -rf "$PGDATA"
    if [[ $HOSTNAME == cockroach-1 ]]; then
        # root is the operator, as it is for CockroachDB, and node the other servers.
        initdb --username=root --auth=trust --encoding=UTF8 --locale=C >/dev/null
        cat >"$PGDATA/pg_hba.conf" <<'END'
local   all          root              trust
hostssl all          tidemark all      scram-sha-256
hostssl all          root     all      cert
hostssl replication  node     all      cert
END
        echo 'CREATE ROLE node LOGIN REPLICATION' | postgres --single postgres >/dev/null
    else
        pg_basebackup --pgdata="$PGDATA" --write-recovery-conf --checkpoint=fast --dbname="host=cockroach-1 port=26257 user=node \
            sslmode=verify-full sslrootcert=$run/ca_certificate sslcert=$run/node_certificate sslkey=$run/node_key"
    fi
fi

exec postgres -p 26257 -c listen_addresses='*' -c unix_socket_directories="$run" -c max_connections=200 \
    -c ssl=on -c ssl_ca_file="$run/ca_certificate" -c ssl_cert_file="$run/node_certificate" \
    -c ssl_key_file="$run/node_key" -c password_encryption=scram-sha-256 -c timezone=UTC \
    -c default_transaction_isolation=serializable -c wal_keep_size=1GB -c hot_standby=on

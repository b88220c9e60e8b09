#!/bin/bash
# One Redis. Who is the master is for the Sentinels to say; before there are any, it is FIRST_MASTER.
set -euo pipefail

master=$FIRST_MASTER
for sentinel in sentinel-1 sentinel-2 sentinel-3; do
    if answer=$(timeout 2 redis-cli -h "$sentinel" -p 26379 sentinel get-master-addr-by-name tidemark 2>/dev/null |
        head -n 1) && [[ $answer == [0-9]* ]]; then
        master=$answer
        break
    fi
done

password=$(</run/secrets/redis_password)
umask 077
# Written where it can be written again: a failover changes it.
{
    echo 'include /etc/tidemark/redis.conf'
    echo "requirepass $password"
    echo "masterauth $password"
    [[ $master == "$(hostname -i)" ]] || echo "replicaof $master 6379"
} >/run/redis/redis.conf
exec redis-server /run/redis/redis.conf

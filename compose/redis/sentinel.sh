#!/bin/bash
# One Sentinel. What it learns it writes into its configuration, which therefore lasts; passwords are those of today.
#
# Everybody in the network may ask it where the master is; only the other Sentinels, who have a password, may tell it things.
set -euo pipefail
file=/data/sentinel.conf
umask 077
if [[ ! -s $file ]]; then
    cat >"$file" <<END
port 26379
dir /data
protected-mode no
sentinel monitor tidemark $FIRST_MASTER 6379 2
sentinel down-after-milliseconds tidemark 2000
sentinel failover-timeout tidemark 6000
sentinel parallel-syncs tidemark 2
END
fi
sed -i -e '/^user /d' -e '/^sentinel auth-pass /d' -e '/^sentinel sentinel-user /d' -e '/^sentinel sentinel-pass /d' "$file"
cat >>"$file" <<END
sentinel auth-pass tidemark $(</run/secrets/redis_password)
sentinel sentinel-user sentinel
sentinel sentinel-pass $(</run/secrets/sentinel_password)
user sentinel on >$(</run/secrets/sentinel_password) ~* &* +@all
user default on nopass ~* &* -@all +auth +hello +ping +info +role +client|setname +subscribe +psubscribe +sentinel|get-master-addr-by-name +sentinel|master +sentinel|masters +sentinel|replicas +sentinel|sentinels +sentinel|ckquorum
END
exec redis-sentinel "$file"

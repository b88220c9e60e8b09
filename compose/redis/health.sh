#!/bin/bash
# Whether this Redis answers, and is a master or follows one.
set -euo pipefail
REDISCLI_AUTH=$(</run/secrets/redis_password)
export REDISCLI_AUTH
role=$(redis-cli role)
[[ $role == master* || $role == *connected* ]]

#!/usr/bin/env bash
# Makes the secrets of the stack in compose/secrets/, those that aren't there yet: run it as often as you like. To change
# one, delete its file and run this again; docs/stack.md says what has to be started again then.
#
#   compose/secrets.sh [NAME...]    names and addresses by which clients reach nginx, besides localhost
#
# TIDEMARK_SECRETS names another folder, for this script and for compose.yaml.
#
# The folder is for its owner alone (0700). The files in it can be read by everybody who gets that far: a container has only
# those of its service mounted, under whatever user its image has.
set -euo pipefail
umask 077
directory=${TIDEMARK_SECRETS:-$(dirname "$0")/secrets}
mkdir -p "$directory"
cd "$directory"
chmod 700 .

days=825
made=()

keep() {
    chmod 444 "$1.new"
    mv "$1.new" "$1"
    made+=("$1")
}

# Letters and digits only, so that no configuration file has to quote it.
password() {
    [[ -s $1 ]] && return
    openssl rand -hex 24 >"$1.new"
    keep "$1"
}

# The form of `tidemark keys create`: tmk_, 16 hexadecimal digits, 32 random bytes in base64url.
access_key() {
    [[ -s $1 ]] && return
    printf 'tmk_%s_%s\n' "$(openssl rand -hex 8)" "$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')" >"$1.new"
    keep "$1"
}

authority() {
    [[ -s ca_certificate && -s ca_key ]] && return
    openssl ecparam -genkey -name prime256v1 -noout -out ca_key.new
    openssl req -x509 -new -key ca_key.new -sha256 -days 3650 -subj '/O=Tidemark/CN=Tidemark authority' \
        -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
        -out ca_certificate.new
    keep ca_key
    keep ca_certificate
    chmod 400 ca_key
}

# certificate NAME COMMON-NAME SUBJECT-ALTERNATIVE-NAMES
certificate() {
    [[ -s $1_certificate && -s $1_key && $1_certificate -nt ca_certificate ]] && return
    openssl ecparam -genkey -name prime256v1 -noout | openssl pkcs8 -topk8 -nocrypt -out "$1_key.new"
    openssl req -new -key "$1_key.new" -subj "/O=Tidemark/CN=$2" |
        openssl x509 -req -sha256 -days "$days" -CA ca_certificate -CAkey ca_key -set_serial "0x$(openssl rand -hex 16)" \
            -out "$1_certificate.new" -extfile <(
            printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
            printf 'extendedKeyUsage=serverAuth,clientAuth\n%s' "${3:+subjectAltName=$3}"
        ) 2>/dev/null
    keep "$1_key"
    keep "$1_certificate"
}

# What RabbitMQ starts with: one user, and no guest. The hash is RabbitMQ's: a salt, and SHA-256 of salt and password.
definitions() {
    [[ -s rabbitmq_definitions && rabbitmq_definitions -nt amqp_password ]] && return
    local salt hash
    salt=$(openssl rand 4 | od -An -tx1 | sed 's/ /\\x/g')
    hash=$({ printf '%b' "$salt"; printf '%b%s' "$salt" "$(<amqp_password)" | openssl dgst -sha256 -binary; } | base64 -w 0)
    cat >rabbitmq_definitions.new <<END
{
  "users": [{"name": "tidemark", "password_hash": "$hash", "hashing_algorithm": "rabbit_password_hashing_sha256",
             "tags": [], "limits": {}}],
  "vhosts": [{"name": "/"}],
  "permissions": [{"user": "tidemark", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}]
}
END
    keep rabbitmq_definitions
}

# The exporter asks each of them, and takes its password from here.
exporter_passwords() {
    [[ -s redis_exporter_passwords && redis_exporter_passwords -nt redis_password ]] && return
    local node separator='{'
    for node in redis-1 redis-2 redis-3; do
        printf '%s"redis://%s:6379": "%s"' "$separator" "$node" "$(<redis_password)"
        separator=', '
    done >redis_exporter_passwords.new
    echo '}' >>redis_exporter_passwords.new
    keep redis_exporter_passwords
}

password database_password
password amqp_password
password redis_password
password sentinel_password
password erlang_cookie
password grafana_password
access_key admin_token
access_key metrics_token
definitions
exporter_passwords

authority
edge='DNS:localhost,DNS:nginx,DNS:grafana,IP:127.0.0.1'
for name in "$@"; do
    if [[ $name =~ ^[0-9.]+$|: ]]; then edge+=",IP:$name"; else edge+=",DNS:$name"; fi
done
if (($#)); then rm -f edge_certificate edge_key; fi
certificate edge "${1:-localhost}" "$edge"
for node in 1 2 3; do
    # CockroachDB takes a node's certificate from the common name `node`.
    certificate "cockroach_$node" node "DNS:cockroach-$node,DNS:localhost,IP:127.0.0.1"
done
certificate cockroach_root root ''

# CockroachDB's licence key, if there is one: an empty file is none.
[[ -e cockroach_licence ]] || { : >cockroach_licence.new && keep cockroach_licence; }

if ((${#made[@]})); then
    printf 'secrets: made %s\n' "${made[*]}"
else
    echo 'secrets: all there'
fi

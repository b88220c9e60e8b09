#!/bin/bash
# Runs nginx, and keeps its list of gateways equal to what the name `gateway` resolves to, so that gateways can come and go. nginx
# reads the list anew without losing a request: old workers finish what they have.
set -euo pipefail

# As upstream takes it; nothing when the name resolves to nothing.
gateways() {
    local address
    while read -r address _; do
        # Never left out for an error: the name no longer has those that are gone, and two that fail at once would leave nobody.
        echo "server $address:8080 max_fails=0;"
    done < <(getent ahostsv4 gateway) | sort -u
}

follow() {
    local now before
    before=$(</run/nginx/gateways.conf)
    while sleep 1; do
        : >/run/nginx/followed || continue
        now=$(gateways) || continue
        # When nobody is left, whoever was there last is as good a guess as any.
        [[ -n $now && $now != "$before" ]] || continue
        { printf '%s\n' "$now" >/run/nginx/gateways.new && mv /run/nginx/gateways.new /run/nginx/gateways.conf; } || continue
        nginx -c /etc/tidemark/nginx.conf -e stderr -s reload || continue
        before=$now
    done
}

list=$(gateways)
printf '%s\n' "${list:-server 127.0.0.1:1;}" >/run/nginx/gateways.conf
# From 1.27.4 on, a worker that ends lets idle clients have a little time to say that they weren't.
echo 'keepalive_min_timeout 5s;' >/run/nginx/version.conf
nginx -c /etc/tidemark/nginx.conf -e stderr -t -q 2>/dev/null || : >/run/nginx/version.conf

: >/run/nginx/followed
follow &
exec nginx -c /etc/tidemark/nginx.conf -e stderr

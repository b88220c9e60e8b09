#!/bin/bash
# Whether nginx serves, and its list of gateways is kept.
now=$(date +%s)
((now - $(stat --format %Y /run/nginx/followed) < 15)) || exit 1
exec 3<>/dev/tcp/127.0.0.1/8081 || exit 1
printf 'GET /stub_status HTTP/1.0\r\n\r\n' >&3
IFS= read -r -t 3 -u 3 line && [[ $line == *' 200 '* ]]

#!/bin/bash
# Whether this broker speaks AMQP: it answers the protocol's header with its first method. `rabbitmq-diagnostics` would ask more
# and take a second of a processor each time.
exec 3<>/dev/tcp/127.0.0.1/5672 || exit 1
printf 'AMQP\0\0\x09\x01' >&3
IFS= read -r -n 1 -t 3 -u 3 byte && [[ $byte == $'\x01' ]]

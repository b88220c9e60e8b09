#!/bin/bash
# One broker. Erlang wants the cookie in its home folder, for its eyes only.
set -euo pipefail
export HOME=/var/lib/rabbitmq
rm -f "$HOME/.erlang.cookie"
install -m 400 /run/secrets/erlang_cookie "$HOME/.erlang.cookie"

export RABBITMQ_NODENAME="rabbit@$HOSTNAME"
export RABBITMQ_CONFIG_FILE=/etc/tidemark/rabbitmq.conf
export RABBITMQ_ENABLED_PLUGINS_FILE=/etc/tidemark/enabled_plugins
export RABBITMQ_MNESIA_BASE="$HOME/mnesia"
export RABBITMQ_LOG_BASE="$HOME/log"
export RABBITMQ_GENERATED_CONFIG_DIR="$HOME/config"
export RABBITMQ_SCHEMA_DIR="$HOME/schema"
export RABBITMQ_PID_FILE=/run/rabbitmq/pid
# Not to wait busily: it takes the processors from everyone else on the machine. A node that hangs is given up after so many
# seconds; declarations wait for it until then.
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+sbwt none +sbwtdcpu none +sbwtdio none -kernel net_ticktime 10'
# The start script replaces itself by the broker, which then gets the signals.
export RUNNING_UNDER_SYSTEMD=true
# The scripts themselves: what stands before them on PATH may want to change the user first, and that is done.
export PATH="/usr/lib/rabbitmq/bin:$PATH"
exec rabbitmq-server

#!/bin/bash
# Whether this server answers.
exec pg_isready --quiet --host=/run/cockroach --port=26257

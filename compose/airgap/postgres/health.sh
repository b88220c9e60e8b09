#!/bin/bash
# Whether this server answers.
exec pg_isready --quiet --username=root --dbname=postgres --host=/run/cockroach --port=26257

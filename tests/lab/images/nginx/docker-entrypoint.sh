#!/bin/sh
# Runs what users put into /docker-entrypoint.d before nginx, then the command.
set -e
case "$1" in
nginx | nginx-debug)
    for script in /docker-entrypoint.d/*.sh; do
        if [ -x "$script" ]; then
            "$script"
        fi
    done
    ;;
esac
exec "$@"

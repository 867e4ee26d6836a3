#!/bin/sh
# `redis-server` is the default command; it runs as the user redis.
set -e
case "${1:-}" in
-* | *.conf) set -- redis-server "$@" ;;
esac
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
    find . \! -user redis -exec chown redis '{}' +
    exec setpriv --reuid redis --regid redis --clear-groups -- "$0" "$@"
fi
# Upstream builds Redis with protected mode off: in a container every client comes from outside.
if [ "$1" = redis-server ]; then
    case " $* " in
    *" --protected-mode "*) ;;
    *)
        if [ ! -f "${2:-}" ] || ! grep -Eq '^[[:space:]]*protected-mode[[:space:]]' "$2"; then
            # Last, as `--version` and a configuration file must be the first argument.
            set -- "$@" --protected-mode no
        fi
        ;;
    esac
    umask 0077
fi
exec "$@"

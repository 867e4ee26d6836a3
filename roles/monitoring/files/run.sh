#!/bin/sh
# Runs Alertmanager, or has it reload. It takes secrets from its configuration only, and logs the addresses that it can't reach,
# with the secrets in them. So they are put into a copy in memory, and taken out of what it logs; all that by the shell itself,
# since a program's arguments can be seen.
set -eu
umask 077
configuration=/dev/shm/alertmanager.yml
# Its HTTP client leaves names to a SOCKS proxy anyway, and knows the one scheme only.
PROXY_URL=${TELEGRAM_PROXY:-}
case $PROXY_URL in [Ss][Oo][Cc][Kk][Ss]5[Hh]://*) PROXY_URL="socks5://${PROXY_URL#*://}" ;; esac
log=/dev/shm/alertmanager.log

# Sets line to the first argument, with nothing of it between the second one and the third.
hidden() {
    rest=$1
    line=
    while case $rest in *"$2"*) true ;; *) false ;; esac; do
        line="$line${rest%%"$2"*}***"
        rest="${rest#*"$2"}"
        rest="${rest#*"$3"}"
    done
    line="$line$rest"
}

while IFS= read -r line; do
    case $line in
    *@bot_token@*) line="${line%%@bot_token@*}$BOT_TOKEN${line#*@bot_token@}" ;;
    *http://telegram-proxy.invalid) line="${line%http://telegram-proxy.invalid}'$PROXY_URL'" ;;
    *http://webhook-url.invalid) line="${line%http://webhook-url.invalid}'$WEBHOOK_URL'" ;;
    esac
    printf '%s\n' "$line"
done </etc/alertmanager/alertmanager.yml >"$configuration"

if [ "$1" = reload ]; then
    kill -HUP 1
    exit
fi

rm -f "$log"
mkfifo "$log"
while IFS= read -r line; do
    hidden "$line" 'Post \"' '\"'
    [ -z "$BOT_TOKEN" ] || hidden "$line" "$BOT_TOKEN" ''
    [ -z "$PROXY_URL" ] || hidden "$line" "$PROXY_URL" ''
    [ -z "$WEBHOOK_URL" ] || hidden "$line" "$WEBHOOK_URL" ''
    printf '%s\n' "$line"
done <"$log" &
exec /bin/alertmanager "--config.file=$configuration" "$@" >"$log" 2>&1

# What the scenarios say things with. Runs inside the booted system, as root.
# shellcheck shell=bash disable=SC2034
set -eEuo pipefail

LIB=/usr/share/ecss/ecss-crm-server
ETC=/etc/ecss/ecss-crm-server
VAR=/var/lib/ecss/ecss-crm-server
LOG=/var/log/ecss/ecss-crm-server
SETTINGS=$LIB/src/settings.js
SITE=/etc/nginx/sites-available/ecss-crm-server.conf
ENABLED=/etc/nginx/sites-enabled/ecss-crm-server.conf
UNIT=ecss-crm-server.service
OURS=/debs/ours.deb
NEXT=/debs/next.deb

fail() {
    echo "FAILED: $*"
    exit 1
}
trap 'echo "FAILED: ${BASH_SOURCE[0]}:$LINENO: $BASH_COMMAND"' ERR

# note TEXT: goes into the table at the end.
note() { echo "NOTE: $*"; }

# is WHAT GOT WANTED
is() { [ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"; }

holds() { "$@" || fail "does not hold: $*"; }
not() { ! "$@" || fail "holds: $*"; }

# says FILE TEXT: the line is there, exactly but for blanks in front.
says() { sed 's/^[ \t]*//' "$1" | grep -qxF -e "$2" || fail "$1 has no line '$2': $(cat "$1")"; }

# eventually COMMAND…: within a minute, for slow machines.
eventually() {
    local deadline=$((SECONDS + 60))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || fail "did not come true in a minute: $*"
        sleep 0.1
    done
}

# dpkg, apt and their like: quiet if all is well.
quietly() {
    "$@" >/tmp/quiet.log 2>&1 </dev/null || {
        local code=$?
        cat /tmp/quiet.log
        fail "$* ended with $code"
    }
}

preseed() { echo "ecss-crm-server ecss-crm-server/$1 $2 $3" | debconf-set-selections; }
answer() { debconf-show ecss-crm-server | sed -n "s|^[* ]*ecss-crm-server/$1: ||p"; }

# code URL [CURL OPTION…]: the status, 000 without an answer.
code() { curl -sk -m 20 -o /dev/null -w '%{http_code}' "$@" || true; }
answers() { [ "$(code "${@:2}")" = "$1" ]; }
serves() { eventually answers 200 https://127.0.0.1:8802/bitrix; }

# style BASE-URL: the first page's style sheet; its name changes with its contents.
style() { curl -sk -m 20 "$1/" | grep -o 'static/[^"]*\.css' | head -n 1; }

active() { [ "$(systemctl is-active "$UNIT")" = active ]; }
# ended_for_good CODE: our process ended with this code and systemd does not start it again. While systemd itself cannot
# start a process (219/CGROUP and its like, codes from 200 on), it tries again, and says "failed" in between.
ended_for_good() {
    [ "$(systemctl show -P SubState "$UNIT")" = failed ] && [ "$(systemctl show -P ExecMainStatus "$UNIT")" = "$1" ] &&
        [ -z "$(systemctl list-jobs --no-legend "$UNIT")" ]
}
# replaced PID: another process serves now.
replaced() { [ "$(pid)" != 0 ] && [ "$(pid)" != "$1" ] && active; }
pid() { systemctl show -P MainPID "$UNIT"; }
mode() { stat -c '%a %U:%G' "$1"; }

# Notes which questions a person would see, and leaves the proposed answers: asked COMMAND…
asked() {
    # shellcheck disable=SC2016 # the editor's own argument
    printf '#!/bin/sh\ngrep -o "^ecss-crm-server/[a-z_]*" "$1" >>/tmp/asked\n' >/tmp/editor
    chmod 0755 /tmp/editor
    : >/tmp/asked
    DEBIAN_FRONTEND=editor EDITOR=/tmp/editor TERM=dumb quietly "$@"
    sed 's|.*/||' /tmp/asked | tr '\n' ' '
}

# Answers the questions as a person would, with the editor front end: reconfigure QUESTION=VALUE…
reconfigure() {
    local pair
    for pair in "$@"; do
        printf 's|^\\(ecss-crm-server/%s\\)=.*|\\1="%s"|\n' "${pair%%=*}" "${pair#*=}"
    done >/tmp/answers.sed
    # shellcheck disable=SC2016 # the editor's own argument
    printf '#!/bin/sh\nsed -i -f /tmp/answers.sed "$1"\n' >/tmp/editor
    chmod 0755 /tmp/editor
    DEBIAN_FRONTEND=editor EDITOR=/tmp/editor TERM=dumb quietly dpkg-reconfigure -p low ecss-crm-server
}

# under_load NAME COMMAND…: nothing may be lost while the command does its work and for a moment before and after.
under_load() {
    local name=$1 loader result
    shift
    rm -f /tmp/stop /tmp/result
    python3 /debs/load.py 8802 /tmp/stop /tmp/result 8 &
    loader=$!
    sleep 1.5
    "$@"
    sleep 2.5
    touch /tmp/stop
    wait "$loader" || fail "the load did not end well"
    read -r -a result </tmp/result
    note "$name: ${result[0]} of ${result[1]} requests lost, slowest ${result[2]} ms"
    [ "${result[1]}" -gt 100 ] || fail "hardly any load: ${result[1]} requests"
    is "requests lost at $name" "${result[0]}" 0
}

#!/bin/sh
# Take the Berth gateway off this machine. Key, settings and outbox stay unless --purge is given.
#
#   sudo deploy/uninstall.sh [--purge] [--dry-run] [--root DIR]
#
# --purge    also remove the signing key (it cannot be recovered), settings, outbox and the user
# --dry-run  say what would be done, do nothing
# --root     take the files from under DIR: no user, no service is touched
set -eu

home=/opt/berth
state=/var/lib/berth
units=/etc/systemd/system
command=/usr/local/bin/berth-edge

dry=no
purge=no
root=

refuse() {
    printf 'uninstall.sh: %s\n' "$1" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --dry-run) dry=yes ;;
    --purge) purge=yes ;;
    --root)
        [ $# -ge 2 ] || refuse "--root needs a folder."
        root=${2%/}
        shift
        ;;
    -h | --help)
        sed -n '2,8s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *) refuse "$1 is no option; see --help." ;;
    esac
    shift
done

if [ "$dry" = no ] && [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
    refuse "only root can do this: run it with sudo, or look first with --dry-run."
fi

do_it() {
    words=$1
    shift
    if [ "$dry" = yes ]; then
        printf 'would %s\n' "$words"
    else
        printf 'do   %s\n' "$words"
        "$@"
    fi
}

remove() {
    if [ -e "$root$1" ] || [ -L "$root$1" ]; then
        do_it "remove $1" rm -rf "$root$1"
    else
        printf 'ok   %s is not there\n' "$1"
    fi
}

if [ -z "$root" ] && [ -e "$units/berth-edge.service" ]; then
    do_it "stop berth-edge, and start it no more" systemctl disable --quiet --now berth-edge
fi
if [ -z "$root" ] && [ -e "$units/berth-edge-renew.timer" ]; then
    do_it "renew no certificate any more" systemctl disable --quiet --now berth-edge-renew.timer
fi
for name in berth-edge.service berth-edge-renew.service berth-edge-renew.timer; do
    remove "$units/$name"
done
if [ -z "$root" ]; then
    do_it "make systemd read its units again" systemctl daemon-reload
fi
remove "$command"
remove "$home"
if [ "$purge" = yes ]; then
    remove "$state"
    if [ -z "$root" ] && getent passwd berth >/dev/null; then
        do_it "remove user berth" userdel berth
    fi
elif [ -d "$root$state" ]; then
    printf 'kept %s: key, settings and outbox (--purge removes them)\n' "$state"
fi

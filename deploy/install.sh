#!/bin/sh
# Install the Berth gateway from this clone, and start it with the machine. Doing it twice does no
# harm: what is there already is kept, and settings and keys are never touched.
#
#   sudo deploy/install.sh [--dry-run] [--root DIR] [--python PYTHON]
#
# --dry-run  say what would be done, do nothing
# --root     put the files under DIR (an image that is being built): no user, no service is touched
# --python   the Python to use, 3.11 to 3.13 and 64-bit (python3)
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
home=/opt/berth
state=/var/lib/berth
units=/etc/systemd/system
command=/usr/local/bin/berth-edge
groups="gpio i2c dialout video"

dry=no
root=
python=${PYTHON:-python3}

refuse() {
    printf 'install.sh: %s\n' "$1" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --dry-run) dry=yes ;;
    --root)
        [ $# -ge 2 ] || refuse "--root needs a folder."
        root=${2%/}
        shift
        ;;
    --python)
        [ $# -ge 2 ] || refuse "--python needs a program."
        python=$2
        shift
        ;;
    -h | --help)
        sed -n '2,9s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *) refuse "$1 is no option; see --help." ;;
    esac
    shift
done

venv=$root$home/venv
stamp=$venv/berth.installed

done_already() { printf 'ok   %s\n' "$1"; }

# do_it WORDS COMMAND...: one line for each thing, then the thing.
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

check_machine() {
    if [ "$dry" = no ] && [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
        refuse "only root can do this: run it with sudo, or look first with --dry-run."
    fi
    command -v "$python" >/dev/null 2>&1 ||
        refuse "$python is not there: apt-get install python3 python3-venv"
    "$python" -c 'import sys; sys.exit(sys.maxsize <= 2**32)' ||
        refuse "this system is 32-bit, for which several libraries have no build: install the 64-bit one."
    "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
        refuse "$python is not 3.11 to 3.13: name another one with --python."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        refuse "$python cannot make environments: apt-get install python3-venv"
}

# The two bytes of an ELF file that name its processor.
machine_of() { od -An -tx1 -j18 -N2 "$1"; }

check_root() {
    [ -n "$root" ] && [ -e "$root/usr/bin/python3" ] || return 0
    base=$("$python" -c 'import sys; print(sys._base_executable)')
    [ "$(machine_of "$root/usr/bin/python3")" = "$(machine_of "$base")" ] ||
        refuse "$root is for another processor than this machine's: install there, or in an emulation of it."
    [ -e "$root$base" ] ||
        refuse "$root has no $base, which would run the gateway there: name its own Python with --python."
}

make_user() {
    if [ -n "$root" ]; then
        done_already "user and groups: left to the system that will run from $root"
        return
    fi
    for group in $groups; do
        if getent group "$group" >/dev/null; then
            done_already "group $group"
        else
            do_it "make group $group" groupadd --system "$group"
        fi
    done
    if getent passwd berth >/dev/null; then
        done_already "user berth"
    else
        do_it "make user berth" useradd --system --user-group --home-dir "$state" \
            --shell /usr/sbin/nologin berth
    fi
    joined=$(printf '%s' "$groups" | tr ' ' ,)
    do_it "put berth into $joined" usermod --append --groups "$joined" berth
}

make_folder() {
    if [ -d "$root$state" ]; then
        done_already "$state"
    elif [ -n "$root" ]; then
        do_it "make $state" install -d -m 0700 "$root$state"
    else
        do_it "make $state" install -d -m 0700 -o berth -g berth "$state"
    fi
    if [ -e "$root$state/gateway.yaml" ]; then
        done_already "settings and key in $state are kept as they are"
    fi
}

pip_install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

install_packages() {
    # --force-reinstall: the system's own build of a package would do for pip, unchecked.
    # A damaged or half-made environment is completed: the stamp is written last.
    wanted=$(cat "$here/requirements/gateway.txt" "$here/requirements/build.txt" | cksum)
    # It sees the system's packages: the Pi camera's library comes by apt alone.
    if [ -x "$venv/bin/python" ] &&
        grep -qx 'include-system-site-packages = true' "$venv/pyvenv.cfg" 2>/dev/null; then
        done_already "$home/venv"
    else
        do_it "make $home/venv, which sees the system's packages" \
            "$python" -m venv "$venv" --system-site-packages
    fi
    if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        done_already "pinned packages"
    else
        do_it "install the pinned packages, each checked by its hash (minutes)" \
            pip_install --force-reinstall --require-hashes -r "$here/requirements/gateway.txt" \
            -r "$here/requirements/build.txt"
    fi
    do_it "install berth-edge from $here" \
        pip_install --no-deps --no-build-isolation --force-reinstall "$here"
    if [ -n "$root" ]; then
        do_it "name the places as they are seen from inside of $root" name_inside
    fi
    do_it "note what is installed" write_to "$stamp" "$wanted"
    if [ "$(readlink "$root$command" 2>/dev/null)" = "$home/venv/bin/berth-edge" ]; then
        done_already "$command"
    else
        do_it "link $command" link_command
    fi
}

# pip writes the place of its Python into each command.
name_inside() {
    grep -rlIF "$venv" "$venv/bin" "$venv/pyvenv.cfg" 2>/dev/null | while read -r file; do
        [ -L "$file" ] || sed -i "s|$venv|$home/venv|g" "$file"
    done
}

write_to() { printf '%s\n' "$2" >"$1"; }

link_command() {
    install -d "$root$(dirname "$command")"
    ln -sfn "$home/venv/bin/berth-edge" "$root$command"
}

install_unit() {
    for name in berth-edge.service berth-edge-renew.service berth-edge-renew.timer; do
        if cmp -s "$here/deploy/$name" "$root$units/$name"; then
            done_already "$units/$name"
        else
            do_it "write $units/$name" install -D -m 0644 "$here/deploy/$name" "$root$units/$name"
        fi
    done
    if [ -n "$root" ]; then
        done_already "service: enable it on the system that will run from $root"
        return
    fi
    do_it "make systemd read its units again" systemctl daemon-reload
    do_it "start berth-edge with the machine" systemctl enable --quiet berth-edge
    do_it "renew certificates daily" systemctl enable --quiet --now berth-edge-renew.timer
    if [ -e "$state/gateway.yaml" ]; then
        do_it "start berth-edge anew" systemctl restart berth-edge
    fi
}

say_next() {
    if [ -e "$root$state/gateway.yaml" ]; then
        printf '\nNext: berth-edge doctor --config %s/gateway.yaml (as root or as berth)\n' "$state"
    else
        printf '\nNext: sudo -u berth berth-edge init --data %s, then sudo systemctl start berth-edge\n' "$state"
    fi
}

check_machine
check_root
make_user
make_folder
install_packages
install_unit
say_next

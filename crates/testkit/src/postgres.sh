#!/bin/sh
# Keeps one PostgreSQL cluster for as long as its standard input stays open. Run by postgres.rs.
#
#   postgres.sh BIN_DIR durable|fast
#
# First answer: "ok DIR" once the cluster is made. Then one order a line, each answered "ok" or "failed":
#   start PORT   serve on 127.0.0.1:PORT
#   crash        SIGKILL to the server and all its processes, as if the machine had lost power
# End of input: stop the server and remove the folder. The test process holds the other end of the pipe, so
# the kernel closes it however that process ends, SIGKILL included, and nothing is ever left behind.

trap '' PIPE INT TERM HUP
export LC_ALL=C
unset PGDATA PGPORT PGHOST PGUSER PGOPTIONS

bin=$1
durability=$2
base=$(mktemp -d "${TMPDIR:-/tmp}/touchline-pg.XXXXXX") || exit 1
data=$base/data
cd "$base" || exit 1
exec 2>>"$base/log"

# PostgreSQL refuses to run as root, so root hands the folder to somebody with fewer rights.
as=
if [ "$(id -u)" = 0 ]; then
    owner=nobody
    if id postgres >/dev/null 2>&1; then owner=postgres; fi
    chown "$owner" "$base"
    # Not runuser: it stays between us and the server, and stops itself when the server is stopped.
    as="setpriv --reuid=$(id -u "$owner") --regid=$(id -g "$owner") --clear-groups"
fi

make() {
    # --no-sync: only the cluster's first files, which no crash test is about.
    $as "$bin/initdb" -D "$data" --username=touchline --auth=trust --locale=C --encoding=UTF8 --no-sync \
        </dev/null >&2 || return 1
    {
        echo "listen_addresses = '127.0.0.1'"
        echo "unix_socket_directories = ''"
        echo "max_connections = 200"
        echo "timezone = 'UTC'"
        echo "log_timezone = 'UTC'"
        if [ "$durability" = fast ]; then
            echo "fsync = off"
            echo "synchronous_commit = off"
            echo "full_page_writes = off"
        fi
    } >>"$data/postgresql.conf"
}

# The server is a child of a subshell that waits for it, so that a killed server never lingers as a zombie:
# its successor would take that for a running server and refuse to start.
start() {
    rm -f "$base/ended"
    stale=$(head -n 1 "$data/postmaster.pid" 2>/dev/null) # left by a crash, and still saying "ready"
    ( $as "$bin/postgres" -D "$data" -p "$1" </dev/null >&2; : >"$base/ended" ) </dev/null >&2 &
    tries=0
    while [ "$tries" -lt 1200 ]; do
        if [ -e "$base/ended" ]; then return 1; fi
        # The lock file's first line is the server's process, its eighth the server's word for its state.
        if [ "$(head -n 1 "$data/postmaster.pid" 2>/dev/null)" != "$stale" ]; then
            case $(sed -n 8p "$data/postmaster.pid" 2>/dev/null) in ready*) return 0 ;; esac
        fi
        sleep 0.05
        tries=$((tries + 1))
    done
    return 1
}

until_ended() {
    tries=0
    while [ "$tries" -lt 1200 ] && [ ! -e "$base/ended" ]; do
        sleep 0.02
        tries=$((tries + 1))
    done
}

children_of() {
    if [ -e "/proc/$1/task/$1/children" ]; then cat "/proc/$1/task/$1/children"; else pgrep -P "$1"; fi
}

crash() {
    server=$(head -n 1 "$data/postmaster.pid") || return 1
    kill -STOP "$server" || return 1 # so that it makes no new process while the list is read
    kill -KILL $(children_of "$server") "$server"
    until_ended
}

answer() { if "$@"; then echo ok; else echo failed; fi; }

if make; then echo "ok $base"; else echo "failed $base"; fi
while read -r order argument; do
    case $order in
    start) answer start "$argument" ;;
    crash) answer crash ;;
    *) echo failed ;;
    esac
done

# SIGQUIT is PostgreSQL's immediate shutdown: there is nothing here worth a checkpoint.
if [ -e "$data/postmaster.pid" ] && [ ! -e "$base/ended" ]; then
    kill -QUIT "$(head -n 1 "$data/postmaster.pid")" && until_ended
fi
cd / && rm -rf "$base"

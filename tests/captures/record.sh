#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Records a golden capture of a small JVM: record.sh JAVA_HOME FILE OPTION...
#
# The JVM runs on a machine of its own: namespaces for processes, mounts, host name and cgroups, a
# root of /usr and one class alone, a memory limit of 256 MB.  So the file tells nothing of the
# machine it was made on.  Needs root.
set -eu

program=${JLEDGER:-build/jledger}
java_home=$(realpath "$1")
file=$(realpath -m "$2")
shift 2
here=$(dirname "$(realpath "$0")")
root=$(mktemp -d)
program=$(realpath "$program")

# shellcheck disable=SC2016 # expanded by the inner shell
inside='
set -eu
root=$1 program=$2 java_home=$3
shift 3
hostname golden
mount -t tmpfs golden "$root"
cd "$root"
mkdir -p usr proc tmp etc old dev app sys/fs/cgroup "./$java_home"
for link in bin lib lib64 sbin; do [ -L /$link ] && cp -P /$link . ; done
mount --bind -o ro /usr usr
case $java_home in /usr/*) ;; *) mount --bind -o ro "$java_home" "./$java_home" ;; esac
cp -r /etc/ld.so.cache etc/
for conf in /etc/java-*-openjdk; do [ -d "$conf" ] && cp -rL "$conf" etc/; done
echo "root:x:0:0:root:/:/bin/sh" >etc/passwd
cp "$program" app/jledger
cp "$root.class" app/Golden.class
touch dev/null
mount --bind /dev/null dev/null
for lib in $(ldd app/jledger | sed -n "s/.*=> \(\/[^ ]*\).*/\1/p"); do
	case $(realpath "$lib") in /usr/*) ;; *) mkdir -p "./$(dirname "$lib")"; cp "$lib" "./$lib" ;; esac
done
if [ -d /sys/fs/cgroup/memory ]; then
	mkdir sys/fs/cgroup/memory
	mount -t cgroup -o memory cgroup sys/fs/cgroup/memory
else
	mount -t cgroup2 cgroup sys/fs/cgroup
fi
mount -t proc proc proc
pivot_root . old
umount -l /old
rmdir /old
cd /
"$java_home/bin/java" -Xmx32m -Xss512k "$@" -XX:ParallelGCThreads=2 -XX:ConcGCThreads=1 \
	-XX:CICompilerCount=2 -Ddb.password=not-in-the-file -cp /app Golden >/tmp/out &
jvm=$!
for second in 1 2 3 4 5 6 7 8 9 10; do grep -q ready /tmp/out && break; sleep 1; done
grep -q ready /tmp/out
sleep 3
kill -STOP $jvm
/app/jledger capture $jvm -o /tmp/golden.zip
cat /tmp/golden.zip >&3
kill -KILL $jvm
'
"$java_home/bin/javac" -d "$(dirname "$root")" "$here/Golden.java"
mv "$(dirname "$root")/Golden.class" "$root.class"

v1=/sys/fs/cgroup/memory
if [ -d $v1 ]; then
	below=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
	group=$v1$below/jledger-golden-$$
	limit=memory.limit_in_bytes
else
	group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/jledger-golden-$$
	limit=memory.max
fi
mkdir "$group"
echo 268435456 >"$group/$limit"
status=0
# shellcheck disable=SC2016 # likewise
sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$group" \
	unshare --mount --pid --fork --uts --cgroup --ipc --kill-child \
	sh -c "$inside" sh "$root" "$program" "$java_home" "$@" 3>"$file" || status=$?
rm -rf "$root" "$root.class"
rmdir "$group"
exit $status

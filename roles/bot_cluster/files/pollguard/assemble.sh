#!/bin/sh
# Gather the system's Python 3.11, what it links to and the loader below the folder $1.
set -eu
root=$1
version=$(python3 -c 'import sys; print(f"python{sys.version_info[0]}.{sys.version_info[1]}")')
library=$root/usr/lib/$version
mkdir -p "$root/lib" "$root/usr/bin" "$root/usr/lib" "$root/etc/ssl/certs"

cp -L "$(command -v python3)" "$root/usr/bin/python3"
cp -a "/usr/lib/$version" "$root/usr/lib/"
# Not needed to run anything: tests, tools, GUI, and what pip and distutils are for.
for unwanted in test tests idlelib ensurepip lib2to3 tkinter turtledemo turtle.py pydoc.py pydoc_data \
        distutils venv unittest dist-packages sitecustomize.py __phello__ curses dbm msilib sqlite3 wsgiref/validate.py \
        xmlrpc doctest.py pdb.py profile.py pstats.py cProfile.py; do
    rm -rf "${library:?}/$unwanted"
done
rm -rf "$library"/config-*
# Modules for other machines' character sets and for tests only.
for unwanted in _test _xxtestfuzz xxlimited _ctypes_test audioop ossaudiodev _codecs_ _dbm _gdbm _curses \
        _sqlite3 _tkinter nis readline; do
    rm -f "$library/lib-dynload/$unwanted"*.so
done
find "$root" -name __pycache__ -type d -prune -exec rm -rf {} +
rm -rf "$root"/site/bin

# Every library that the interpreter or an extension module links to, under the name it is asked for.
{ echo "$root/usr/bin/python3"; find "$root" -name '*.so' -type f; } | while read -r binary; do
    ldd "$binary" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p'
done | sort -u | while read -r file; do
    cp -L "$file" "$root/lib/"
done
# The name services that glibc itself doesn't contain are left out: files and DNS are in libc.
loader=$(ldd "$root/usr/bin/python3" | sed -n 's/^[[:space:]]*\(\/[^ ]*\/ld-[^ ]*\).*/\1/p')
[ -n "$loader" ] || { echo "no loader found" >&2; exit 1; }
cp -L "$loader" "$root/lib/"
ln -s "$(basename "$loader")" "$root/lib/ld.so"

cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"

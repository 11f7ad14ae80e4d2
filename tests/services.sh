#!/bin/sh
# Installs what the tests start by themselves and pip cannot bring: PostgreSQL, and Chromium with a
# font that has Chinese.
# Does nothing where they are there already; needs root and Debian's apt-get otherwise.
set -eu

missing=""
if ! command -v initdb >/dev/null 2>&1 && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
  missing="postgresql"
fi
if ! command -v chromium >/dev/null 2>&1; then
  missing="$missing chromium"
fi
if ! command -v fc-list >/dev/null 2>&1 || [ -z "$(fc-list :lang=zh-cn family)" ]; then
  missing="$missing fontconfig fonts-noto-cjk"
fi
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "tests/services.sh: the tests need$missing; install them, or run this as root on Debian" >&2
  exit 0 # the tests that need them fail, and say so
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# Without a cluster of its own: the tests make theirs.
mkdir -p /etc/postgresql-common/createcluster.d
echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/jiesu-tests.conf
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null

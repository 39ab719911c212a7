# Sourced by bench/run and tests/run: what is needed to build, installed or asked for.
# Expects $root to be the top of the source tree.

smtpmark_build_packages="g++ meson ninja-build pkg-config ragel git liburing-dev libssl-dev
  libcli11-dev libtomlplusplus-dev libfmt-dev nlohmann-json3-dev libexpected-dev libgtest-dev
  libgmock-dev libbenchmark-dev libmimalloc-dev libjs-chart.js zlib1g-dev libgsasl-dev prometheus-cpp-dev iproute2 util-linux"

# Prints those of the named Debian packages that are not installed.
missing_packages() {
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
      printf '%s ' "$package"
  done
}

# Installs what is missing of the named Debian packages, or says what to do.
need_packages() {
  if ! command -v dpkg-query >/dev/null 2>&1; then
    need_tools
    return
  fi
  missing=$(missing_packages "$@")
  [ -z "$missing" ] && return
  if [ "$(id -u)" -ne 0 ]; then
    echo "Missing packages. As root:  apt-get install $missing" >&2
    exit 1
  fi
  echo "Installing: $missing" >&2
  export DEBIAN_FRONTEND=noninteractive
  # The machine's lists may be absent or stale.
  apt-get -qq update && apt-get -qq install --no-install-recommends $missing >/dev/null || {
    echo "apt-get could not install: $missing" >&2
    exit 1
  }
}

# Not a Debian: says which tools and libraries are missing by the names that are common to all.
need_tools() {
  absent=""
  for tool in c++ meson ninja ragel pkg-config git; do
    command -v "$tool" >/dev/null 2>&1 || absent="$absent $tool"
  done
  if command -v pkg-config >/dev/null 2>&1; then
    for library in liburing openssl fmt nlohmann_json CLI11 tomlplusplus zlib libgsasl prometheus-cpp-pull gtest benchmark; do
      pkg-config --exists "$library" || absent="$absent $library"
    done
  fi
  [ -z "$absent" ] && return
  echo "This is not a Debian, and these are missing:$absent" >&2
  echo "Install them (with their headers, tl::expected and mimalloc) and run this again." >&2
  exit 1
}

# Configures build/NAME once, with the Meson options that follow, and builds it: all of it, or the
# targets that $build_only names.
build() {
  name=$1
  shift
  mkdir -p "$root/build"
  if [ ! -f "$root/build/$name/build.ninja" ]; then
    meson setup "$root/build/$name" "$root" "$@" >"$root/build/$name.setup.log" 2>&1 || {
      cat "$root/build/$name.setup.log" >&2
      echo "Meson could not configure build/$name." >&2
      exit 1
    }
  fi
  ninja -C "$root/build/$name" ${build_only:-} >"$root/build/$name.log" 2>&1 || {
    grep -v '^\[' "$root/build/$name.log" >&2
    echo "build/$name does not build." >&2
    exit 1
  }
}

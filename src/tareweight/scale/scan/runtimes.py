"""Language runtimes and toolchains: the names of their OS packages, and the folders that they are unpacked to without one."""

from __future__ import annotations

import re

PACKAGES = {
    "Python": r"(?:lib)?python[\d.]*(?:-.*)?|py3-.*",
    "Go": r"golang(?:-.*)?|go",
    "C and C++": r"gcc(?:-\d+)?(?:-(?!.*base).+)?|g\+\+(?:-.*)?|cpp(?:-.*)?|gfortran.*|clang.*|llvm.*|libllvm.*|libclang.*|lld(?:-.*)?|binutils.*|libbinutils",
    "what compilers load": r"libctf.*|libgprofng.*|libsframe.*|libcc1.*|lib(?:a|hwa|l|t|ub)san\d*|libitm1|libisl\d*|libmpc\d*|libmpfr\d*|isl\d*|mpc1|mpfr\d*",
    "headers": r".+-dev(?:-bin)?|linux-headers.*|fortify-headers",
    "build tools": r"build-(?:essential|base)|dpkg-dev|libdpkg-perl|make|cmake.*|ninja-build|automake.*|autoconf|libtool|pkgconf.*|pkg-config|bison|flex|m4",
    "Node": r"node(?:js)?(?:-.*)?|npm|yarn(?:pkg)?|libnode\d*|corepack",
    "Java": r"open(?:jdk|jre)[\d-].*|default-j(?:re|dk).*|java-.*|temurin-.*",
    "Perl": r"perl(?:-.*)?|libperl[\d.]+",
    "Ruby": r"ruby.*|libruby.*",
    "Rust": r"rust(?:c|up)?|cargo|libstd-rust.*",
    "PHP": r"php.*",
    "Lua and Tcl": r"lua[\d.]+|liblua[\d.-]+|luajit|tcl[\d.]*|libtcl[\d.]+|tk[\d.]*|libtk[\d.]+",
    ".NET": r"mono-.*|dotnet.*|aspnetcore-.*",
    "others": r"erlang.*|ghc.*|ocaml.*|r-base.*|guile.*",
}
FOLDERS = {
    "Python": r"usr/(?:local/)?lib/python[\d.]+|usr/local/include/python[\d.]+t?|opt/python[\d.]*|root/\.pyenv/versions",
    "Go": r"usr/local/go|usr/lib/go(?:-[\d.]+)?|opt/go",
    "C and C++": r"usr/(?:local/)?(?:lib|libexec)/gcc",
    "Node": r"usr/local/include/node|opt/node(?:-v\d[^/]*)?|opt/yarn-v\d[^/]*|nodejs|root/\.nvm/versions",
    "Java": r"usr/lib/jvm|opt/java|opt/(?:jdk|jre)[^/]*",
    "Perl": r"usr/local/(?:lib|share)/perl5?",
    "Ruby": r"usr/(?:local/)?lib/ruby|usr/local/include/ruby[\d.-]*",
    "Rust": r"usr/local/rustup|usr/local/cargo/bin|usr/lib/rustlib|root/\.rustup",
    "PHP": r"usr/local/(?:lib|include)/php",
    ".NET": r"usr/(?:share|lib)/dotnet",
}
INSTALLED = ("/site-packages", "/dist-packages")
"""Ends of folders in these that hold what was added to a runtime."""

_PACKAGES = re.compile("|".join(PACKAGES.values()))
_FOLDERS = re.compile("|".join(FOLDERS.values()))


def is_package(name: str) -> bool:
    """Whether an OS package of this name is a language runtime or belongs to a toolchain."""
    return bool(_PACKAGES.fullmatch(name))


def is_folder(path: str) -> bool:
    """Whether a runtime or toolchain lies in this folder, whoever put it there."""
    return bool(_FOLDERS.fullmatch(path))

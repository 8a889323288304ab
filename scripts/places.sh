# shellcheck shell=sh
# Sourced by the scripts that look for PostgreSQL.

# Where distributions, package managers and version managers put their programs, a line each.
places() {
    printf '%s\n' "${DBSTATE_PG_BIN:-}" "$PATH" | tr ':' '\n'
    for place in \
        /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/lib/postgresql*/bin /usr/libexec/postgresql* \
        /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin \
        /home/linuxbrew/.linuxbrew/opt/postgresql@*/bin /Applications/Postgres.app/Contents/Versions/*/bin \
        "$HOME"/.asdf/installs/postgres/*/bin "$HOME"/.local/share/mise/installs/postgres/*/bin \
        /usr/bin /usr/local/bin /usr/local/pgsql/bin /opt/homebrew/bin \
        "$HOME"/.nix-profile/bin /run/current-system/sw/bin; do
        printf '%s\n' "$place"
    done
}

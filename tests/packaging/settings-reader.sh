#!/bin/sh
# The reader and editor of settings.js that the maintainer scripts use, over files as administrators leave them.
set -eu
# shellcheck source=/dev/null
. debian/settings-js.sh

file=$(mktemp)
trap 'rm -f "$file"' EXIT
checks=0

# is WHAT GOT WANTED
is() {
	checks=$((checks + 1))
	if [ "$2" = "$3" ]; then return 0; fi
	echo "$1 is '$2', not '$3', in: $(cat "$file")"
	exit 1
}

# reads TEXT KEY VALUE ACTIVE-VALUE
reads() {
	printf '%s' "$1" >"$file"
	is "$2" "$(js_get "$file" "$2")" "$3"
	is "$2 in force" "$(js_active "$file" "$2" '')" "$4"
}

# edits TEXT KEY set|enable VALUE RESULT
edits() {
	printf '%s' "$1" >"$file"
	is "$2 := $4" "$(js_awk "$file" "$2" "$3" "$4")" "$5"
}

reads 'var s = { serverHost: "a.b" }; module.exports = s;' serverHost a.b a.b
reads "module.exports={'serverHost':'a.b',}" serverHost a.b a.b
reads 'module.exports = { httpPort : 8801 }' httpPort 8801 8801
reads 'module.exports = { httpPort: process.env.HTTP_PORT || 8801, }' httpPort 8801 8801
reads 'module.exports = { serverHost: process.env.A || process.env.B || "x" }' serverHost x x
reads '{ //httpPort: process.env.HTTP_PORT || 8801,
}' httpPort 8801 ''
reads '{ // httpPort: 1, // why
  httpPort: 2 }' httpPort 2 2
reads '{ serverHost: "a", // serverHost: "b"
}' serverHost a a
reads '{ /* serverHost: "a" */ }' serverHost '' ''
reads '{ other: "serverHost: 1", serverHost: "//x" }' serverHost //x //x
reads '{ url: "http://h/{", serverHost: "a" }' serverHost a a
reads '{ nested: { serverHost: "a" } }' serverHost '' ''
reads '{ serverHost: "a", serverHost: "b" }' serverHost b b
reads '{ serverHostOld: "a" }' serverHost '' ''
reads '{ serverHost: "a" + x }' serverHost '' ''
reads '{ serverHost: host() }' serverHost '' ''
reads 'const s = {}; s.serverHost = "a"; module.exports = s' serverHost a a
reads 'if (s.serverHost == "a") { }' serverHost '' ''
reads '{ serverHost: "a"
}' serverHost a a
# shellcheck disable=SC2016 # the file's own dollars
reads '{ // https://${settings.serverHost}:${settings.httpsPort}/call
}' httpsPort '' ''
reads '{ serverHost /* sic */ : /* this */ "a" /* or */ , }' serverHost a a
printf '{\r\n  serverHost: "a",\r\n  //httpPort: 5,\r\n}\r\n' >"$file"
is 'serverHost with carriage returns' "$(js_get "$file" serverHost)" a
is 'httpPort with carriage returns' "$(js_get "$file" httpPort)" 5
reads '' serverHost '' ''

edits '{ serverHost: "a", x: 1 }' serverHost set b '{ serverHost: "b", x: 1 }'
edits "{ serverHost: 'a' } // a" serverHost set b "{ serverHost: 'b' } // a"
edits '{ httpPort: process.env.P || 1 }' httpPort set 2 '{ httpPort: process.env.P || 2 }'
edits '{ serverHost: true }' serverHost set b '{ serverHost: "b" }'
edits '{
  // httpPort: process.env.P || 1, // ключ
}' httpPort set 2 '{
  // httpPort: process.env.P || 2, // ключ
}'
edits '{
  // httpPort: process.env.P || 1, // ключ
}' httpPort enable 2 '{
  httpPort: process.env.P || 2, // ключ
}'
edits '{ serverHost: "a" }' serverHost set 'b&\1' '{ serverHost: "b&\1" }'
edits '{ serverHost: host() }' serverHost set b ''

for host in a.b 10.0.0.1 fd00::1 host_1; do valid_host "$host" || { echo "$host is a host"; exit 1; }; done
for host in '' 'a b' http://a 'a"' -a 'a/b' "a'"; do ! valid_host "$host" || { echo "$host is no host"; exit 1; }; done
for port in 1 80 65535; do valid_port "$port" || { echo "$port is a port"; exit 1; }; done
for port in '' 0 65536 8801x -1 999999; do ! valid_port "$port" || { echo "$port is no port"; exit 1; }; done
echo "$checks readings and edits are right"

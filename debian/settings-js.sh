# Reading and editing settings.js without executing it. debian/rules puts this into the scripts that need it.

LIB=/usr/share/ecss/ecss-crm-server
ETC=/etc/ecss/ecss-crm-server
LIVE=$ETC/settings.js
LEGACY=$LIB/src/settings.js
# What root notes for itself. Nobody else may write there; in a folder of the service's a link may lead
# root anywhere.
NOTES=/var/lib/ecss-crm-server
# What preinst has saved of the Node.js package; gone once it is taken over.
KEPT=$NOTES/from-node

# Whether a path is something other than our link to the file that counts: somebody has put it there.
foreign() {
	[ -f "$1" ] && [ "$(readlink -f "$1")" != "$(readlink -f "$2")" ]
}

# The settings.js that counts: an edit at the old path, else what the Node.js package has left, else ours.
settings_file() {
	if foreign "$LEGACY" "$LIVE" && [ ! -L "$LEGACY" ]; then echo "$LEGACY"
	elif [ -f "$KEPT/settings.js" ]; then echo "$KEPT/settings.js"
	elif foreign "$LEGACY" "$LIVE"; then echo "$LEGACY"
	elif [ -f "$LIVE" ]; then echo "$LIVE"
	fi
}

# Finds "key: literal" of the outermost object (or "something.key = literal"), the last if there are several; else one
# in a comment. In front of the literal "process.env.NAME ||" may stand. Comments and strings are told from code, so
# the place on the line does not matter. want=get prints the literal without quotes, want=active only if it is not in a
# comment; want=set prints the text with the literal replaced by VALUE, want=enable also with the comment's slashes
# taken away. Nothing is printed where nothing is found.
js_awk() {
	LC_ALL=C KEY=$2 VALUE=${4-} awk -v want="$3" -f - "$1" <<-'AWK'
	function blanks(i) {
		for (;;) {
			if (substr(text, i, 1) ~ /[ \t\r\n]/) i++
			else if (substr(text, i, 2) == "//") i = line_end(i)
			else if (substr(text, i, 2) == "/*") i = past(i + 2, "*/")
			else return i
		}
	}
	function line_end(i,   n) { n = index(substr(text, i), "\n"); return n ? i + n - 1 : size + 1 }
	function past(i, what,   n) { n = index(substr(text, i), what); return n ? i + n - 1 + length(what) : size + 1 }
	function string_end(i,   mark, c) {
		mark = substr(text, i, 1)
		for (i++; i <= size; i++) {
			c = substr(text, i, 1)
			if (c == "\\") i++
			else if (c == mark) return i + 1
		}
		return size + 1
	}
	# Sets from and upto of the literal at i, or returns 0.
	function literal(i, commented,   rest, after) {
		for (;;) {
			if (commented) { while (substr(text, i, 1) ~ /[ \t]/) i++ } else i = blanks(i)
			rest = substr(text, i, 200)
			if (match(rest, /^process\.env\.[A-Za-z0-9_]+[ \t\r\n]*(\|\||\?\?)/)) i += RLENGTH
			else break
		}
		from = i
		if (rest ~ /^["']/) upto = string_end(i)
		else if (match(rest, /^[A-Za-z0-9_.+-]+/)) upto = i + RLENGTH
		else return 0
		if (commented) {
			after = substr(text, upto, line_end(upto) - upto)
			return after ~ /^[ \t\r]*([,;}].*|\/\/.*)?$/
		}
		after = substr(text, blanks(upto), 1)
		return after == "" || index(",;}", after) || substr(text, upto, blanks(upto) - upto) ~ /\n/
	}
	function found(i) { if (literal(i, 0)) { active = 1; first = from; last = upto } }
	# A comment from i to the end of its line.
	function comment(i,   body) {
		body = substr(text, i, line_end(i) - i)
		if (!noted && match(body, "^[/ \t]*[\"']?" ENVIRON["KEY"] "[\"']?[ \t]*:") && literal(i + RLENGTH, 1)) {
			noted = 1; noted_at = i; noted_first = from; noted_last = upto
		}
	}
	function slashes(i) { match(substr(text, i), /^\/+[ \t]*/); return RLENGTH }
	function bare(literal_text) { gsub(/^["']|["']$/, "", literal_text); return literal_text }
	function written(old,   mark) {
		mark = substr(old, 1, 1)
		if (mark == "\"" || mark == "'") return mark ENVIRON["VALUE"] mark
		return ENVIRON["VALUE"] ~ /^[0-9]+$/ ? ENVIRON["VALUE"] : "\"" ENVIRON["VALUE"] "\""
	}
	{ text = text $0 "\n" }
	END {
		size = length(text); depth = 0; before = ""
		for (i = 1; i <= size;) {
			c = substr(text, i, 1)
			if (c ~ /[ \t\r\n]/) { i++; continue }
			if (substr(text, i, 2) == "//") { comment(i); i = line_end(i); continue }
			if (substr(text, i, 2) == "/*") { i = past(i + 2, "*/"); continue }
			if (c ~ /["'`A-Za-z_$]/) {
				if (c ~ /["'`]/) end = string_end(i)
				else { match(substr(text, i, 200), /^[A-Za-z0-9_$]+/); end = i + RLENGTH }
				if (bare(substr(text, i, end - i)) == ENVIRON["KEY"]) {
					next_at = blanks(end)
					next_char = substr(text, next_at, 1)
					if (depth == 1 && (before == "{" || before == ",") && next_char == ":") found(next_at + 1)
					if (before == "." && next_char == "=" && substr(text, next_at + 1, 1) != "=") found(next_at + 1)
				}
				before = "a"; i = end; continue
			}
			if (c == "{") depth++
			if (c == "}") depth--
			before = c; i++
		}
		if (active) { a = first; z = last }
		else if (noted && want != "active") { a = noted_first; z = noted_last }
		else exit
		if (want == "get" || want == "active") { print bare(substr(text, a, z - a)); exit }
		head = substr(text, 1, a - 1)
		if (!active && want == "enable") {
			head = substr(text, 1, noted_at - 1) substr(text, noted_at + slashes(noted_at), a - noted_at - slashes(noted_at))
		}
		printf "%s", head written(substr(text, a, z - a)) substr(text, z)
	}
	AWK
}

# js_get FILE KEY: what the file says, also in a comment.
js_get() { js_awk "$1" "$2" get; }

# js_active FILE KEY DEFAULT: what holds.
js_active() {
	js_value=$(js_awk "$1" "$2" active)
	echo "${js_value:-$3}"
}

valid_host() {
	case $1 in
	'' | -* | *[!A-Za-z0-9.:_-]*) return 1 ;;
	esac
}

valid_port() {
	case $1 in
	'' | *[!0-9]* | ??????*) return 1 ;;
	esac
	[ "$1" -ge 1 ] && [ "$1" -le 65535 ]
}

is_wildcard() {
	case $1 in
	0.0.0.0 | 0 | :: | ::0) return 0 ;;
	esac
	return 1
}

# config-man.awk -v program=NAME -v file=PATH docs/configuration.md : the manual page NAME.toml(5), in mdoc, from the generated reference.
# That reference is held to the option types by a test; so is this page.

function roff(text) { # inline Markdown to roff: no markup but the words
	gsub(/`/, "", text)
	gsub(/\*\*/, "", text)
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	gsub(/[.] /, ".\n", text)
	if (text ~ /^[.']/) text = "\\&" text
	return text
}

function quoted(text) { # as one argument of a macro
	gsub(/"/, "\\(dq", text)
	return "\"" text "\""
}

BEGIN {
	FS = " \\| "
	print ".Dd $Mdocdate$"
	print ".Dt " toupper(program) ".TOML 5\n.Os"
	print ".Sh NAME\n.Nm " program ".toml\n.Nd configuration of " program
	print ".Sh DESCRIPTION\n.Xr " program " 8\nreads one file of TOML 1.0 or 1.1,\n.Pa " file "\nfor the packaged service."
	print "An unknown key is an error that names the nearest known one."
	print ".Ql " program " --config FILE --check-config\njudges a file and names every error with its line."
	print ".Pp\nA duration has whole numbers with the units d, h, m, s and ms, the largest first: \\(dq500ms\\(dq, \\(dq1m30s\\(dq, \\(dq24h\\(dq."
	print ".Pp\nA key that changes by restart is read at the start of this process."
	print "One that changes by order founds a cluster; afterwards orders change it for all replicas at once, and the file is only compared."
}

/^## / { mine = ($0 == "## " program); next }
!mine { next }

/^### / {
	if (keys) print ".El"
	keys = 0
	section = $0
	gsub(/^### |`/, "", section)
	print ".Sh " quoted(roff(section))
	next
}

/^\| `/ {
	sub(/^\| /, "")
	sub(/ \|$/, "")
	if (!keys) print ".Bl -tag -width 4n"
	keys = 1
	key = $1
	gsub(/`/, "", key)
	print ".It Ic " key
	# The node's table has one column less: nothing of it is compared.
	print roff($NF)
	print ".Pp\nExpected: " roff($2) "."
	print ($3 ~ /required/ ? "It is required." : "Default: " roff($3) ".")
	print "Changes by " $4 "." (($5 == "yes") ? "\nCompared between replicas." : "")
	next
}

/^\|/ || /^$/ { next }

section { print roff($0) }

END {
	if (keys) print ".El"
	print ".Sh SEE ALSO\n.Xr " program " 8"
}

#!/bin/sh
# Prints the pages of this folder to PDF: print.sh [NAME...]. Needs chromium.
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- $(ls *.html | sed 's/\.html$//')
for name; do
	flags=
	grep -q 'class="plain"' "$name.html" && flags=--no-pdf-header-footer
	chromium --headless --no-sandbox --disable-gpu $flags --virtual-time-budget=2000 \
		--print-to-pdf="$name.pdf" "file://$PWD/$name.html" 2>/dev/null
done

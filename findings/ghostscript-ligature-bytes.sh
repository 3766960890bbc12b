#!/usr/bin/env bash
# Ghostscript's pdfwrite swaps the bytes of the letters of a ligature.
#
# Versions: Ghostscript 10.00.0 (Debian 12: 10.0.0~dfsg-11+deb12u9). The PDF is made by pdf-lib 1.17.1
# (@pdf-lib/fontkit 1.1.1) with the font of dejavu-fonts-ttf 2.37.3; pdfjs-dist 4.10.38 reads the text of both files.
# WeasyPrint 57.2 writes the same map, and its files change in the same way.
# Behaviour: the ToUnicode map of a font gives two letters to the glyph of a ligature, <00660069> for "fi". In the file that
# pdfwrite writes, the map gives <66006900>: U+6600 U+6900. The text has two Chinese characters in the middle of "Satisfied".
# Why a good engineer guesses wrong: the page looks the same, and all letters outside of ligatures are right. A spot check of
# the text passes; only a comparison of the words with a ligature fails.
# Needs: node with npm, and apt-get of Debian 12 with its package lists. Everything is installed in a temporary folder.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
version='10.0.0~dfsg-11+deb12u9'

gs=gs
if [ "$(dpkg-query -W -f='${Version}' ghostscript 2>/dev/null)" != "$version" ]; then
	mkdir -p debs/partial root
	apt-get install -y -qq --no-install-recommends --download-only -o Dir::Cache::archives="$PWD/debs" "ghostscript=$version" >/dev/null
	for deb in debs/*.deb; do dpkg -x "$deb" root; done
	gs() {
		LD_LIBRARY_PATH="$dir/root/usr/lib/$(gcc -print-multiarch 2>/dev/null || echo x86_64-linux-gnu)" \
			GS_LIB="$dir/root/usr/share/ghostscript/10.00.0/Resource/Init:$dir/root/usr/share/ghostscript/10.00.0/lib" "$dir/root/usr/bin/gs" "$@"
	}
fi
npm install --silent --no-audit --no-fund --no-save pdf-lib@1.17.1 @pdf-lib/fontkit@1.1.1 dejavu-fonts-ttf@2.37.3 pdfjs-dist@4.10.38 >/dev/null 2>&1

cat > make.cjs <<'JS'
const fs = require('fs')
const { PDFDocument } = require('pdf-lib')
;(async () => {
  const doc = await PDFDocument.create()
  doc.registerFontkit(require('@pdf-lib/fontkit'))
  const font = await doc.embedFont(fs.readFileSync(require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')), { subset: true })
  doc.addPage([300, 100]).drawText('Satisfied', { x: 20, y: 50, size: 12, font })
  fs.writeFileSync('before.pdf', await doc.save())
})()
JS
cat > text.mjs <<'JS'
import fs from 'node:fs'
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs'
const pdf = await getDocument({ data: new Uint8Array(fs.readFileSync(process.argv[2])), verbosity: 0 }).promise
const text = await (await pdf.getPage(1)).getTextContent()
console.log(text.items.map(i => i.str).join(''))
JS
node make.cjs
$gs -q -dNOPAUSE -dBATCH -sDEVICE=pdfwrite -sOutputFile=after.pdf before.pdf
before=$(node text.mjs before.pdf 2>/dev/null)
after=$(node text.mjs after.pdf 2>/dev/null)
printf 'Ghostscript %s\nbefore: %s\nafter:  %s\n' "$($gs --version)" "$before" "$after"
[ "$before" = Satisfied ] || { echo 'changed: pdf-lib no longer writes "Satisfied"'; exit 1; }
[ "$after" = $'Satis\u6600\u6900ed' ] || { echo 'changed: Ghostscript keeps the letters of the ligature, or writes others'; exit 1; }

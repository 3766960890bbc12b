#!/usr/bin/env bash
# PDFium drops the fraction of a character's width.
#
# Version: go-pdfium 1.21.4 (PDFium compiled to WebAssembly).
# Behaviour: a font says that "a" is 500.9 thousandths wide, and one string shows 100 of them at 10 points. The last one begins at
# 515.00 points, which is 20 + 99 * 5.000. ISO 32000-1 (9.2.4, 9.4.4) gives 20 + 99 * 5.009 = 515.89. Widths in the array
# "Widths" of a simple font and in "W" of a composite one are read as whole numbers.
# Why a good engineer guesses wrong: sizes, matrices and positions keep their fractions, and programs that place each character, as
# Chromium does, or each word show nothing. cairo and others write widths such as 556.152344: the boxes of a long line in one string
# drift to the left, by up to a thousandth of the size for each character, and a gap that follows is wider than it is printed.
# Needs: go. Everything is installed in a temporary folder.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir" && rm -rf "$dir"' EXIT
mkdir "$dir/program"
cd "$dir/program"
export GOMODCACHE="$dir/modules" GOCACHE="$dir/cache"
cat > go.mod <<'MOD'
module finding

go 1.26
MOD
cat > main.go <<'GO'
package main

import (
	"bytes"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
)

// onePage is a PDF that shows a text in a font, from 20 points on.
func onePage(font, text string) []byte {
	content := "BT /F1 10 Tf 1 0 0 1 20 100 Tm (" + text + ") Tj ET"
	objects := []string{
		"<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>",
		"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 200] /Contents 4 0 R /Resources <</Font <</F1 5 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(content), content), font,
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	table := "0000000000 65535 f \n"
	for i, o := range objects {
		table += fmt.Sprintf("%010d 00000 n \n", b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n%strailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table, len(objects)+1, at)
	return b.Bytes()
}

func main() {
	pool, err := webassembly.Init(webassembly.Config{MinIdle: 1, MaxIdle: 1, MaxTotal: 1})
	if err != nil {
		log.Fatal(err)
	}
	pdfium, err := pool.GetInstance(time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	pdf := onePage("<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding "+
		"/FirstChar 97 /LastChar 97 /Widths [500.9]>>", strings.Repeat("a", 100))
	doc, err := pdfium.OpenDocument(&requests.OpenDocument{File: &pdf})
	if err != nil {
		log.Fatal(err)
	}
	page := requests.Page{ByIndex: &requests.PageByIndex{Document: doc.Document}}
	text, err := pdfium.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
	if err != nil {
		log.Fatal(err)
	}
	origin, err := pdfium.FPDFText_GetCharOrigin(&requests.FPDFText_GetCharOrigin{TextPage: text.TextPage, Index: 99})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f\n", origin.X)
}
GO
go get github.com/klippa-app/go-pdfium@v1.21.4 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
got=$(go run .)
printf 'go-pdfium 1.21.4: the 100th character begins at %s points, by its width at 515.89\n' "$got"
[ "$got" = 515.00 ] || { echo 'changed: PDFium counts the fraction of a width, or counts it otherwise'; exit 1; }

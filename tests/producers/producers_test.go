//go:build producers

// Package producers prints one invented record with the programs that this machine has, puts it through the processors
// that it has, and reads each file. A file may be read right, with a warning, or be refused; it is never wrong in
// silence. make producers runs it; CI reads the small files of tests/documents instead.
package producers

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/pdftext"
	"github.com/trackmydegree/trackmydegree/internal/plainpdf"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// all makes each printer's file go through each processor; else those of two printers do.
var all = flag.Bool("all", false, "every printer's file through every processor")

// tool is a program that writes a PDF. In its arguments IN and OUT are files, and DIR is the folder of OUT.
type tool struct {
	name  string
	args  []string
	font  string   // of the page, Liberation Sans when it is empty
	needs []string // the programs of a script; args[0] when it is empty
	input string   // what a printer reads: html when it is empty, tex, roff or txt
}

// shell returns the arguments of a script.
func shell(script string) []string { return []string{"sh", "-c", script} }

// printers make a PDF of a page of HTML.
var printers = []tool{
	{name: "chromium", args: []string{"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--print-to-pdf=OUT", "IN"}},
	{name: "chromium without headers", args: []string{"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", "--virtual-time-budget=2000", "--print-to-pdf=OUT", "IN"}},
	{name: "chromium, Lato", args: []string{"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--print-to-pdf=OUT", "IN"}, font: "Lato"},
	{name: "chromium, Carlito", args: []string{"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--print-to-pdf=OUT", "IN"}, font: "Carlito"},
	{name: "chromium, DejaVu Sans", args: []string{"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--print-to-pdf=OUT", "IN"}, font: "DejaVu Sans"},
	{name: "weasyprint", args: []string{"weasyprint", "IN", "OUT"}},
	{name: "weasyprint, Carlito", args: []string{"weasyprint", "IN", "OUT"}, font: "Carlito"},
	{name: "weasyprint, DejaVu Sans", args: []string{"weasyprint", "IN", "OUT"}, font: "DejaVu Sans"},
	{name: "wkhtmltopdf", args: []string{"wkhtmltopdf", "-q", "IN", "OUT"}},
	{name: "wkhtmltopdf, Lato", args: []string{"wkhtmltopdf", "-q", "IN", "OUT"}, font: "Lato"},
	{name: "htmldoc", args: []string{"htmldoc", "--quiet", "--webpage", "-f", "OUT", "IN"}},
	{name: "xelatex", args: shell("cd DIR && xelatex -interaction=batchmode -jobname=record IN >/dev/null"), needs: []string{"xelatex"}, input: "tex"},
	{name: "xelatex, Carlito", args: shell("cd DIR && xelatex -interaction=batchmode -jobname=record IN >/dev/null"), needs: []string{"xelatex"}, input: "tex", font: "Carlito"},
	{name: "groff", args: shell("groff -t -Tpdf -P-p1000p,800p IN > OUT"), needs: []string{"groff", "gropdf"}, input: "roff"},
	{name: "enscript, Ghostscript", args: shell("enscript -q -B -r -f Courier7 -p DIR/r.ps IN && gs -q -dNOPAUSE -dBATCH -sDEVICE=pdfwrite -sOutputFile=OUT DIR/r.ps"), needs: []string{"enscript", "gs"}, input: "txt"},
	{name: "prince", args: []string{"prince", "IN", "-o", "OUT"}},
	{name: "libreoffice", args: []string{"soffice", "--headless", "--convert-to", "pdf:writer_web_pdf_Export", "--outdir", "DIR", "IN"}},
	{name: "libreoffice, Carlito", args: []string{"soffice", "--headless", "--convert-to", "pdf:writer_web_pdf_Export", "--outdir", "DIR", "IN"}, font: "Carlito"},
	{name: "libreoffice, Calc", args: []string{"soffice", "--headless", "--convert-to", "pdf:calc_pdf_Export", "--infilter=calc_HTML_WebQuery", "--outdir", "DIR", "IN"}},
}

// processors make another PDF of one.
var processors = []tool{
	{name: "qpdf, linearized", args: []string{"qpdf", "--linearize", "IN", "OUT"}},
	{name: "qpdf, object streams", args: []string{"qpdf", "--object-streams=generate", "IN", "OUT"}},
	{name: "qpdf, every page turned", args: []string{"qpdf", "IN", "OUT", "--rotate=+90:1-z"}},
	{name: "qpdf, the last page turned", args: []string{"qpdf", "IN", "OUT", "--rotate=+180:z"}},
	{name: "qpdf, pages reversed", args: []string{"qpdf", "--empty", "--pages", "IN", "z-1", "--", "OUT"}},
	{name: "qpdf, without the first page", args: []string{"qpdf", "--empty", "--pages", "IN", "2-z", "--", "OUT"}},
	{name: "qpdf, twice", args: []string{"qpdf", "--empty", "--pages", "IN", "IN", "--", "OUT"}},
	{name: "Ghostscript", args: []string{"gs", "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=pdfwrite", "-sOutputFile=OUT", "IN"}},
	{name: "Ghostscript, screen", args: []string{"gs", "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=pdfwrite", "-dPDFSETTINGS=/screen", "-sOutputFile=OUT", "IN"}},
	{name: "MuPDF", args: []string{"mutool", "clean", "-gggg", "IN", "OUT"}},
	{name: "Poppler, cairo", args: []string{"pdftocairo", "-pdf", "IN", "OUT"}},
	{name: "Poppler, unite", args: []string{"pdfunite", "IN", "IN", "OUT"}},
	{name: "pdfcpu, two on a sheet", args: []string{"pdfcpu", "nup", "OUT", "2", "IN"}},
	{name: "pdfjam, two on a sheet", args: []string{"pdfjam", "--quiet", "--nup", "2x1", "--landscape", "--outfile", "OUT", "IN"}},
	{name: "pdftk", args: []string{"pdftk", "IN", "cat", "1-endeast", "output", "OUT"}},
	{name: "pdfjam, four on a sheet", args: []string{"pdfjam", "--quiet", "--nup", "2x2", "--outfile", "OUT", "IN"}},
	{name: "pdfjam, half the size", args: []string{"pdfjam", "--quiet", "--scale", "0.5", "--outfile", "OUT", "IN"}},
	{name: "pdftk, the first page turned", args: []string{"pdftk", "IN", "cat", "1left", "2-end", "output", "OUT"}},
	{name: "Ghostscript, PostScript", args: shell("gs -q -dNOPAUSE -dBATCH -sDEVICE=ps2write -sOutputFile=DIR/r.ps IN && gs -q -dNOPAUSE -dBATCH -sDEVICE=pdfwrite -sOutputFile=OUT DIR/r.ps"), needs: []string{"gs"}},
	{name: "Poppler, PostScript", args: shell("pdftops IN DIR/r.ps && gs -q -dNOPAUSE -dBATCH -sDEVICE=pdfwrite -sOutputFile=OUT DIR/r.ps"), needs: []string{"pdftops", "gs"}},
	{name: "MuPDF, pages as pictures", args: shell("mutool draw -q -r 150 -o DIR/p%d.png IN && img2pdf DIR/p*.png -o OUT"), needs: []string{"mutool", "img2pdf"}},
	{name: "ocrmypdf", args: []string{"ocrmypdf", "-q", "--force-ocr", "--output-type", "pdf", "IN", "OUT"}},
	{name: "LibreOffice Draw", args: shell("mkdir -p DIR/d && soffice --headless --infilter=draw_pdf_import --convert-to pdf --outdir DIR/d IN >/dev/null && mv DIR/d/*.pdf OUT"), needs: []string{"soffice"}},
	{name: "cpdf", args: []string{"cpdf", "-twoup", "IN", "-o", "OUT"}},
}

// run makes out of in, and returns "" or why there is no file: the machine lacks the tool, or it fails.
func (x tool) run(t *testing.T, in, out string) (missing string) {
	t.Helper()
	needs := x.needs
	if len(needs) == 0 {
		needs = x.args[:1]
	}
	for _, program := range needs {
		if _, err := exec.LookPath(program); err != nil {
			return "not installed"
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	args := make([]string, len(x.args))
	for i, a := range x.args {
		args[i] = strings.NewReplacer("IN", in, "OUT", out, "DIR", filepath.Dir(out)).Replace(a)
	}
	if b, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Logf("%s: %v\n%s", x.name, err, b)
		return "failed"
	}
	if _, err := os.Stat(out); err != nil {
		return "wrote nothing"
	}
	return ""
}

func TestProducers(t *testing.T) {
	reader, err := pdftext.New(pdftext.Config{CacheDir: testenv.WasmCache()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	want := expectedFacts()
	ran := 0
	for _, printer := range printers {
		dir := t.TempDir()
		page, out := filepath.Join(dir, "record."+cmp.Or(printer.input, "html")), filepath.Join(dir, "record.pdf")
		if err := os.WriteFile(page, []byte(recordSource(printer.input, cmp.Or(printer.font, "Liberation Sans"))), 0o600); err != nil {
			t.Fatal(err)
		}
		if missing := printer.run(t, page, out); missing != "" {
			t.Logf("%-28s %-30s %s", printer.name, "", missing)
			continue
		}
		ran++
		check(t, reader, want, out, printer.name, "")
		if !*all && printer.name != "chromium" && printer.name != "weasyprint" {
			continue
		}
		for _, processor := range processors {
			processed := filepath.Join(t.TempDir(), "processed.pdf")
			if missing := processor.run(t, out, processed); missing != "" {
				t.Logf("%-28s %-30s %s", printer.name, processor.name, missing)
				continue
			}
			check(t, reader, want, processed, printer.name, processor.name)
		}
	}
	if ran == 0 {
		t.Fatal("no program prints HTML on this machine: install chromium or weasyprint")
	}
}

// check reads a file and logs how: right, with warnings, refused, or wrong in silence, which fails the test.
func check(t *testing.T, reader *pdftext.Extractor, want document.Document, file, printer, processor string) {
	t.Helper()
	pdf, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	line := fmt.Sprintf("%-28s %-30s ", printer, processor)
	pages, err := reader.Pages(t.Context(), pdf)
	var got document.Document
	if err == nil {
		got, err = document.Read(pages)
	}
	if plain, perr := plainpdf.Pages(t.Context(), pdf); perr == nil {
		line = "plain " + line
		read, rerr := document.Read(plain)
		if diff := gocmp.Diff(toJSON(t, got), toJSON(t, read)); diff != "" || (err == nil) != (rerr == nil) {
			t.Errorf("%sthe readers differ, errors %v and %v: PDFium -, plain +\n%s", line, err, rerr, diff)
		}
	}
	if err != nil {
		t.Log(line + "refused: " + string(fault.CodeOf(err)))
		return
	}
	diff := gocmp.Diff(toJSON(t, want), toJSON(t, got))
	switch {
	case diff == "":
		t.Log(line + "right")
	case len(got.Warnings) > 0:
		t.Log(line + "warning: " + string(got.Warnings[0].Code))
	default:
		t.Errorf("%swrong in silence: want -, got +\n%s", line, diff)
	}
}

// toJSON returns the facts that a timeline uses, without titles: programs fold their letters in many ways.
func toJSON(t *testing.T, d document.Document) string {
	t.Helper()
	d = d.Plain()
	for i := range d.Semesters {
		for k := range d.Semesters[i].Courses {
			d.Semesters[i].Courses[k].Title = ""
		}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

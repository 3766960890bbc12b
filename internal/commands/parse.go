package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/parsepool"
)

func (p Process) parseCommand() *cobra.Command {
	var full, explain bool
	cmd := &cobra.Command{
		Use:   "parse FILE",
		Short: "Print what a document says, as JSON",
		Long: `Print what a document says, as JSON; or {"error":{"code","message"}} with exit code 1. Warnings go to the error
output.`,
		GroupID: "tools",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var settings config.Parse
			if err := config.Load(&settings, p.Environ); err != nil {
				return err
			}
			pdf, err := readDocument(args[0])
			if fault.CodeOf(err) == fault.Internal {
				return usage(err)
			}
			var doc document.Document
			if err == nil {
				doc, err = parse(cmd.Context(), settings.Pool, pdf)
			}
			if err != nil {
				var failure struct {
					Error struct {
						Code    fault.Code `json:"code"`
						Message string     `json:"message"`
					} `json:"error"`
				}
				failure.Error.Code, failure.Error.Message = fault.CodeOf(err), fault.From(err).Message()
				if err := writeIndented(p.Stdout, failure); err != nil {
					return err
				}
				return &exit{code: exitFailed}
			}
			if explain {
				return explainRows(p.Stdout, doc)
			}
			if full {
				return writeIndented(p.Stdout, doc)
			}
			for _, w := range doc.Warnings {
				fmt.Fprintf(p.Stderr, "%s: %s\n", w.Code, w.Message)
			}
			return writeIndented(p.Stdout, doc.Plain())
		},
	}
	cmd.Flags().BoolVar(&full, "full", false, "print transfers, warnings and the places of the rows as well")
	cmd.Flags().BoolVar(&explain, "explain", false, "print where each row was read, and the sums, as text")
	return cmd
}

// explainRows prints the place of each row, the warnings, and how much of what is printed was read.
func explainRows(w io.Writer, d document.Document) error {
	var b bytes.Buffer
	for _, r := range d.Rows {
		fmt.Fprintf(&b, "page %d  %.0f,%.0f to %.0f,%.0f  %-9s  %s\n", r.Page, r.X0, r.Y0, r.X1, r.Y1, r.Code, r.Term)
	}
	for _, warn := range d.Warnings {
		fmt.Fprintf(&b, "%s: %s\n", warn.Code, warn.Message)
	}
	fmt.Fprintf(&b, "%d of %d rows", len(d.Rows), d.RowsPrinted)
	if d.CreditsEarned != nil {
		courses, transfers := d.CreditsRead()
		read := courses + transfers
		if courses == *d.CreditsEarned {
			read = courses // the printed sum leaves credits from elsewhere out
		}
		fmt.Fprintf(&b, ", %g of %g credits", read, *d.CreditsEarned)
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

// parse reads one document in a child of its own, so that a hostile one ends with its deadline here as well.
func parse(ctx context.Context, c config.Pool, pdf []byte) (document.Document, error) {
	if err := document.Sniff(pdf[:min(len(pdf), document.SniffLength)]); err != nil {
		return document.Document{}, err
	}
	c.Children = 1
	pool := newPool(c, slog.New(slog.DiscardHandler), nil)
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = pool.Run(running) // what hinders a child shows in Parse
	}()
	defer func() { stop(); <-ended }()
	if err := started(ctx, pool); err != nil {
		return document.Document{}, err
	}
	return pool.Parse(ctx, pdf)
}

// started waits for the first child: compiling PDFium, the first time, is not held against the document's deadline.
func started(ctx context.Context, pool *parsepool.Pool) error {
	ctx, cancel := context.WithTimeout(ctx, parsepool.DefaultStartTimeout)
	defer cancel()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for {
		err := pool.Ready()
		if err == nil {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return err
		}
	}
}

// writeIndented writes JSON as people read it, "<" and "&" as they are.
func writeIndented(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

package commands

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/app/parserchild"
	"github.com/trackmydegree/trackmydegree/internal/catalogue"
	"github.com/trackmydegree/trackmydegree/internal/commands/documentfile"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newParseCommand(p program.Process) *cobra.Command {
	var full, explain bool
	var degree string
	c := &cobra.Command{
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
			pdf, err := documentfile.Read(args[0])
			if fault.CodeOf(err) == fault.Internal {
				return program.UsageError(err)
			}
			var doc document.Document
			if err == nil {
				doc, err = parserchild.ParseDocument(cmd.Context(), settings.Pool, newToolLogger(p), pdf)
			}
			if err == nil {
				err = replaceDegree(&doc, degree)
			}
			if err != nil {
				return printParseFailure(p, err)
			}
			if explain {
				return render.WriteDocumentRows(p.Stdout, doc)
			}
			if full {
				return render.WriteUnescapedJSON(p.Stdout, doc)
			}
			for _, w := range doc.Warnings {
				fmt.Fprintf(p.Stderr, "%s: %s\n", w.Code, w.Message)
			}
			return render.WriteUnescapedJSON(p.Stdout, doc.Plain())
		},
	}
	c.Flags().BoolVar(&full, "full", false, "print transfers, warnings and the places of the rows as well")
	c.Flags().BoolVar(&explain, "explain", false, "print where each row was read, and the sums, as text")
	c.Flags().StringVar(&degree, "degree", "", "the id of the degree that takes the place of the document's")
	return c
}

// newToolLogger returns the log of a command that a person runs: warnings and errors, without the time.
func newToolLogger(p program.Process) *slog.Logger {
	return slog.New(slog.NewTextHandler(p.Stderr, &slog.HandlerOptions{
		Level: slog.LevelWarn,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// replaceDegree puts the degree of an id, "" for none, in the place of the document's; degree_not_found.
func replaceDegree(doc *document.Document, id string) error {
	if id == "" {
		return nil
	}
	data, err := catalogue.LoadEmbedded()
	if err != nil {
		return err
	}
	current, err := catalogue.New(data)
	if err != nil {
		return err
	}
	degree, err := current.FindStandalone(id)
	if err != nil {
		return err
	}
	info := document.ProgramInfo{}
	if doc.ProgramInfo != nil {
		info = *doc.ProgramInfo
	}
	info.Degree = degree.Name
	doc.ProgramInfo = &info
	return nil
}

// printParseFailure prints a failure as JSON and ends with exit code 1.
func printParseFailure(p program.Process, err error) error {
	var failure struct {
		Error struct {
			Code    fault.Code `json:"code"`
			Message string     `json:"message"`
		} `json:"error"`
	}
	failure.Error.Code, failure.Error.Message = fault.CodeOf(err), fault.From(err).Message()
	if err := render.WriteUnescapedJSON(p.Stdout, failure); err != nil {
		return err
	}
	return &program.ExitError{Code: program.ExitFailed}
}

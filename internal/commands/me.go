package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newMeCommand(p program.Process) *cobra.Command {
	c := &cobra.Command{
		Use:     "me",
		Short:   "Export or erase everything that an API stores of you",
		Long:    "Export or erase everything that an API stores of the owner of the token.\n\n" + program.ExitCodesHelp,
		GroupID: "tools",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(newMeExportCommand(p), newMeEraseCommand(p))
	return c
}

func newMeExportCommand(p program.Process) *cobra.Command {
	return newAccountCommand(p, &cobra.Command{
		Use:   "export",
		Short: "Print everything as JSON: saved timelines, jobs, and what is kept where and until when",
	}, func(ctx context.Context, api *apiclient.Client) error {
		all, err := api.ExportAccount(ctx)
		if err != nil {
			return err
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, all, "", "  "); err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.Stdout, indented.String())
		return err
	})
}

func newMeEraseCommand(p program.Process) *cobra.Command {
	confirmed := false
	c := newAccountCommand(p, &cobra.Command{
		Use:   "erase --yes",
		Short: "Delete everything: saved timelines, jobs, results and documents. It cannot be undone",
	}, func(ctx context.Context, api *apiclient.Client) error {
		if !confirmed {
			return program.UsageError(errors.New("--yes is missing: everything is deleted, which cannot be undone; `tmd me export` prints it first"))
		}
		if err := api.EraseAccount(ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintln(p.Stdout, "Everything is deleted.")
		return err
	})
	c.Flags().BoolVar(&confirmed, "yes", false, "delete without a question")
	return c
}

// newAccountCommand completes a command that calls an API as the owner of a token.
func newAccountCommand(p program.Process, c *cobra.Command, run func(context.Context, *apiclient.Client) error) *cobra.Command {
	var o uploadOptions
	c.Args = cobra.NoArgs
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := o.addSettings(p.Environ); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
		defer cancel()
		api := apiclient.New(apiclient.Options{BaseURL: o.url, Token: o.token, MaxTries: uploadTries})
		defer api.CloseIdleConnections()
		return run(ctx, api)
	}
	c.Flags().StringVar(&o.url, "url", "", "the API's address (TMD_URL)")
	c.Flags().StringVar(&o.token, "token", "", "the token to send (TMD_TOKEN, which other users of the machine cannot see)")
	return c
}

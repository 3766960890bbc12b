package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/admin"
	"github.com/trackmydegree/trackmydegree/internal/app"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

// minTopInterval keeps a live view from becoming a load.
const minTopInterval = 500 * time.Millisecond

type topOptions struct {
	once, asJSON bool
	interval     time.Duration
}

func newTopCommand(p program.Process) *cobra.Command {
	var o topOptions
	c := &cobra.Command{
		Use:   "top",
		Short: "Show queues, workers, running jobs and rates, live",
		Long: "Show queues, workers, running jobs and rates in the terminal until Ctrl-C. It reads Redis itself (REDIS_JOB_URL).\n" +
			"--once prints one view; --json prints one JSON object a line, without an end unless --once is given.\n\n" + program.ExitCodesHelp,
		GroupID: "tools",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.interval < minTopInterval {
				return program.UsageError(fmt.Errorf("--interval is %v: give %v or more", o.interval, minTopInterval))
			}
			if !o.once && !o.asJSON && !program.IsTerminal(p.Stdout) {
				return program.UsageError(errors.New("the output is not a terminal: use --once or --json"))
			}
			return app.RunAdmin(cmd.Context(), p, app.UploadsUnused, func(ctx context.Context, s *admin.Service) error {
				return showOverviews(ctx, p.Stdout, s, o)
			})
		},
	}
	c.Flags().BoolVar(&o.once, "once", false, "print one view and end")
	c.Flags().BoolVar(&o.asJSON, "json", false, "print JSON, one object a line")
	c.Flags().DurationVar(&o.interval, "interval", 2*time.Second, "time between two views")
	return c
}

// showOverviews writes an overview each interval until ctx ends, or once. While Redis does not answer, a live view says
// so and continues.
func showOverviews(ctx context.Context, w io.Writer, s *admin.Service, o topOptions) error {
	tick := time.NewTicker(o.interval)
	defer tick.Stop()
	var last *admin.Overview
	for {
		current, err := s.CurrentOverview(ctx, last)
		if ctx.Err() != nil {
			return nil
		}
		switch {
		case err == nil:
			last = &current
			err = writeOverview(w, current, o)
		case !o.once && !o.asJSON && fault.CodeOf(err) == fault.QueueUnavailable:
			_, err = fmt.Fprint(w, clearScreen, "Redis does not answer; the next try follows.\n")
		}
		if err != nil || o.once {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// clearScreen moves the cursor home and clears what is below (ECMA-48: CUP, ED).
const clearScreen = "\x1b[H\x1b[2J"

func writeOverview(w io.Writer, v admin.Overview, o topOptions) error {
	if o.asJSON {
		return json.NewEncoder(w).Encode(v)
	}
	// A view is written at once, so that it does not flicker.
	var view bytes.Buffer
	if !o.once {
		view.WriteString(clearScreen)
	}
	if err := render.WriteOverview(&view, v); err != nil {
		return err
	}
	_, err := w.Write(view.Bytes())
	return err
}

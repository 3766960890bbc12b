package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
)

// maxEditInput bounds the edit that is read from the standard input, as the API bounds it.
const maxEditInput = 64 << 10

func newEditCommand(p program.Process) *cobra.Command {
	var o adviceOptions
	var version int64
	c := &cobra.Command{
		Use:   "edit JOB|TIMELINE [CHANGE ...]",
		Short: "Change a timeline, and print what the changes made of it",
		Long: "Apply changes to the result of a job or to a saved timeline, all or none, and print what they made of it. A CHANGE is an\n" +
			"operation and its fields, as in the example. Without any, the edit is read from the standard input as JSON: the body of\n" +
			"PATCH, or a list of changes. The operations are " + listChangeOps() + ".\nJOB and TIMELINE are ids of an API (TMD_URL, TMD_TOKEN).\n\n" +
			program.ExitCodesHelp,
		Example: `  tmd edit JOB "moveCourse course=COMP 352, to=Fall 2027" "pinCourse course=COMP 442, pool=CourseElectives"
  echo '[{"op":"addTerm","term":"Fall 2028"}]' | tmd edit TIMELINE`,
		GroupID: "tools",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			patch, err := readEdit(p.Stdin, args[1:])
			if err != nil {
				return toAdviceExit(err)
			}
			return withServer(cmd.Context(), p, o, args[0], "the id of a job or a timeline", func(ctx context.Context, a advised) error {
				edited, err := a.client.EditPath(ctx, a.path, version, patch)
				switch {
				case err != nil:
					return err
				case o.json:
					return render.WriteUnescapedJSON(p.Stdout, edited)
				}
				return render.WriteDelta(p.Stdout, edited.Version, edited.Changed)
			})
		},
	}
	o.addFlags(c)
	c.Flags().Int64Var(&version, "version", 0, "edit only this version; 0 edits any")
	return c
}

func listChangeOps() string {
	var names []string
	for _, op := range timeline.ChangeOps() {
		names = append(names, string(op))
	}
	return strings.Join(names, ", ")
}

// readEdit reads an edit from arguments, or from the standard input without any, as the API reads it.
func readEdit(stdin io.Reader, args []string) (timeline.Patch, error) {
	var body []byte
	if len(args) > 0 {
		changes := make([]map[string]string, 0, len(args))
		for _, arg := range args {
			change, err := parseChange(arg)
			if err != nil {
				return timeline.Patch{}, program.UsageError(err)
			}
			changes = append(changes, change)
		}
		encoded, err := json.Marshal(map[string]any{"changes": changes})
		if err != nil {
			return timeline.Patch{}, err
		}
		body = encoded
	} else {
		read, err := io.ReadAll(io.LimitReader(stdin, maxEditInput+1))
		switch {
		case err != nil:
			return timeline.Patch{}, err
		case len(read) > maxEditInput:
			return timeline.Patch{}, program.UsageError(fmt.Errorf("the edit has more than %d bytes", maxEditInput))
		case len(bytes.TrimSpace(read)) == 0:
			return timeline.Patch{}, program.UsageError(errors.New("no change is given, as an argument or on the standard input"))
		}
		if body = read; bytes.HasPrefix(bytes.TrimSpace(read), []byte("[")) {
			body = bytes.Join([][]byte{[]byte(`{"changes":`), read, []byte("}")}, nil)
		}
	}
	return wire.DecodePatch(bytes.NewReader(body))
}

// parseChange parses "moveCourse course=COMP 352, to=Fall 2027".
func parseChange(text string) (map[string]string, error) {
	op, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	change := map[string]string{"op": op}
	if strings.TrimSpace(rest) == "" {
		return change, nil
	}
	for pair := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok {
			return nil, fmt.Errorf(`%q: write an operation and its fields, "moveCourse course=COMP 352, to=Fall 2027"`, text)
		}
		if _, ok := change[name]; ok {
			return nil, fmt.Errorf("%q: %s is given twice", text, name)
		}
		change[name] = strings.TrimSpace(value)
	}
	return change, nil
}

package batchupload

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/apiclient"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// WriteJSON writes outcomes as one JSON object a line.
func WriteJSON(w io.Writer, outcomes []Outcome) error {
	enc := json.NewEncoder(w)
	for _, out := range outcomes {
		if err := enc.Encode(out); err != nil {
			return err
		}
	}
	return nil
}

// WriteText writes timelines to w and failures to failures, each with the name of its file if there are several. url is
// the address that the failures name.
func WriteText(w, failures io.Writer, url string, outcomes []Outcome) error {
	for i, out := range outcomes {
		name := filepath.Base(out.File)
		if out.Err != nil {
			fmt.Fprintf(failures, "tmd: %s: %s\n", name, out.describeFailure(url))
			continue
		}
		var result timeline.Result
		if err := json.Unmarshal(out.Data, &result); err != nil {
			return fmt.Errorf("the result of %s: %w", name, err)
		}
		if i > 0 {
			fmt.Fprintln(w)
		}
		if len(outcomes) > 1 {
			fmt.Fprintf(w, "%s\n\n", name)
		}
		if err := render.WriteTimeline(w, &result); err != nil {
			return err
		}
		if out.Read != "" {
			fmt.Fprintf(w, "\nRead: %s\n", out.Read)
		}
	}
	return nil
}

// describeFailure explains the failure of a file and what to do.
func (out Outcome) describeFailure(url string) string {
	var f *fault.Error
	switch {
	case errors.Is(out.Err, apiclient.ErrUnreachable):
		return fmt.Sprintf("there is no answer from %s. Start it with `tmd all`, or name another with --url or TMD_URL. (%v)", url, out.Err)
	case errors.As(out.Err, &f) && f.Code == fault.Unauthorized:
		return "the API wants a token. Set TMD_TOKEN; `tmd token` makes one for development."
	case errors.As(out.Err, &f):
		text := fmt.Sprintf("%s (%s)", f.Message(), f.Code)
		if out.Error != nil && len(out.Error.Closest) > 0 {
			text += " The closest: " + strings.Join(out.Error.Closest, "; ") + "."
		}
		if a := out.Answerable; a != nil {
			degree := "ID"
			if len(a.Degrees) > 0 {
				degree = strconv.Quote(a.Degrees[0].ID)
			}
			text += fmt.Sprintf(" Choose one until %s: tmd answer %s --degree %s", a.Until.Local().Format("15:04"), out.JobID, degree)
		}
		return text
	}
	return out.Err.Error()
}

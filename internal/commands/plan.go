package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/audit"
	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/job"
	"github.com/trackmydegree/trackmydegree/internal/program"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
	"github.com/trackmydegree/trackmydegree/internal/timeline/wire"
)

// planFlags are the wishes as flags.
type planFlags struct {
	maxCredits    float64
	summers       bool
	noSummers     bool
	coop, from    string
	keep          []string // "COMP 249=Fall 2027"
	prefer, avoid []string
}

func newPlanCommand(p program.Process) *cobra.Command {
	var o adviceOptions
	var wishes planFlags
	c := &cobra.Command{
		Use:   "plan FILE|JOB|TIMELINE",
		Short: "Plan the terms that finish a degree",
		Long: "Plan the terms that finish a degree: the fewest that the rules and the wishes allow, then an even load.\n" +
			adviceUse + "\n\n" + program.ExitCodesHelp,
		Example: `  tmd plan transcript.pdf --max-credits 15 --no-summers --keep "COMP 346=Winter 2028" --prefer "COMP 442"`,
		GroupID: "tools",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := wishes.toRequest(cmd.Flags().Changed("max-credits"))
			if err != nil {
				return program.UsageError(err)
			}
			return withAdvised(cmd.Context(), p, o, args[0], func(ctx context.Context, a advised) error {
				out, err := a.planTimeline(ctx, q)
				switch {
				case err != nil:
					return err
				case o.json:
					return render.WriteUnescapedJSON(p.Stdout, out)
				}
				return render.WritePlan(p.Stdout, out.PlanNotes)
			})
		},
	}
	o.addFlags(c)
	f := c.Flags()
	f.Float64Var(&wishes.maxCredits, "max-credits", 15, "the most credits of a term")
	f.BoolVar(&wishes.summers, "summers", false, "study in summer terms as well")
	f.BoolVar(&wishes.noSummers, "no-summers", false, "study in fall and winter terms only, as without either flag")
	f.StringVar(&wishes.coop, "coop", "", "a letter for each term from the first: S for study, W for work, - for a term off")
	f.StringVar(&wishes.from, "from", "", `the first term, such as "Fall 2027"; the term after the current one without it`)
	f.StringArrayVar(&wishes.keep, "keep", nil, `a course that stays in its term, "COMP 346=Winter 2028"; may be given several times`)
	f.StringArrayVar(&wishes.prefer, "prefer", nil, "an elective that is wanted, the most wanted first; may be given several times")
	f.StringArrayVar(&wishes.avoid, "avoid", nil, "a course that is not wanted; may be given several times")
	return c
}

// toRequest reads the flags as the API reads the wishes of a plan, so that both refuse the same.
func (w planFlags) toRequest(hasLoad bool) (audit.PlanRequest, error) {
	if w.summers && w.noSummers {
		return audit.PlanRequest{}, errors.New("--summers and --no-summers contradict each other")
	}
	body := map[string]any{"summers": w.summers, "coop": w.coop, "from": w.from, "prefer": w.prefer, "avoid": w.avoid}
	if hasLoad {
		body["maxCredits"] = w.maxCredits
	}
	var kept []audit.KeptCourse
	for _, pair := range w.keep {
		code, at, ok := strings.Cut(pair, "=")
		if !ok {
			return audit.PlanRequest{}, fmt.Errorf(`--keep %q: write the course and its term, "COMP 346=Winter 2028"`, pair)
		}
		kept = append(kept, audit.KeptCourse{Code: strings.TrimSpace(code), Term: strings.TrimSpace(at)})
	}
	body["keep"] = kept
	b, err := json.Marshal(body)
	if err != nil {
		return audit.PlanRequest{}, err
	}
	q, err := wire.DecodePlanRequest(bytes.NewReader(b))
	if f := fault.From(err); f != nil {
		var faults []string
		for _, field := range f.Fields {
			faults = append(faults, "--"+toFlagName(field.Path)+": "+field.Message)
		}
		return audit.PlanRequest{}, errors.New(strings.Join(faults, "\n"))
	}
	return q, nil
}

// toFlagName returns the flag of a field: maxCredits is max-credits, keep/0/code is keep.
func toFlagName(path string) string {
	name, _, _ := strings.Cut(path, "/")
	if name == "maxCredits" {
		return "max-credits"
	}
	return name
}

// plannedTimeline is what plan prints as JSON: the plan and, where a job made it, the job whose result can be saved.
type plannedTimeline struct {
	JobID job.ID `json:"jobId,omitempty"`
	timeline.PlanNotes
}

// planTimeline plans here, or at the API, where it waits for the job of a plan that takes long.
func (a advised) planTimeline(ctx context.Context, q audit.PlanRequest) (plannedTimeline, error) {
	if a.local != nil {
		search, cancel := context.WithTimeout(ctx, budget.PlanSearch)
		defer cancel()
		plan, err := a.local.PlanFully(search, q)
		if err != nil {
			return plannedTimeline{}, err
		}
		return plannedTimeline{PlanNotes: plan.PlanNotes}, nil
	}
	plan, id, err := a.client.RequestPlan(ctx, a.path, q)
	switch {
	case err != nil:
		return plannedTimeline{}, err
	case plan != nil:
		return plannedTimeline{PlanNotes: plan.PlanNotes}, nil
	}
	status, err := a.client.WaitForJob(ctx, id, nil)
	if err == nil {
		status, err = a.client.LoadStatus(ctx, id, true)
	}
	if err != nil {
		return plannedTimeline{}, err
	}
	if status.Error != nil {
		return plannedTimeline{}, &fault.Error{Code: status.Error.Code, Detail: status.Error.Message, Fields: status.Error.Fields, Closest: status.Error.Closest}
	}
	result, err := wire.DecodeResult(status.Data)
	if err != nil || result.Plan == nil {
		return plannedTimeline{}, fmt.Errorf("the result of job %s is no plan: %w", id, err)
	}
	return plannedTimeline{JobID: id, PlanNotes: *result.Plan}, nil
}

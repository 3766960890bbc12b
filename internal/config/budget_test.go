package config_test

import (
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/budget"
	"github.com/trackmydegree/trackmydegree/internal/config"
)

// The defaults of settings that are time limits are those whose order package budget holds.
func TestDefaultsAreThoseOfTheBudget(t *testing.T) {
	t.Parallel()
	var api config.API
	var worker config.Worker
	var parser config.Parser
	for _, s := range []config.Settings{&api, &worker, &parser} {
		_ = config.Load(s, nil) // faults of required settings do not matter here
	}
	for _, tt := range []struct {
		name      string
		got, want time.Duration
	}{
		{"TMD_S3_TIMEOUT", api.S3Timeout, budget.S3Idle},
		{"TMD_UPLOAD_TIMEOUT", api.UploadTimeout, budget.Upload},
		{"TMD_PARSER_TIMEOUT", worker.ParserTimeout, budget.ParserCall},
		{"TMD_PARSER_DEADLINE", parser.Deadline, budget.ParserDocument},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.got != tt.want {
				t.Errorf("got %v, want %v", tt.got, tt.want)
			}
		})
	}
}

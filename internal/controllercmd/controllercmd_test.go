package controllercmd_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/controllercmd"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	complete := []string{"TMD_NAMESPACE=degrees", "REDIS_HOST=redis", "TMD_METRICS_ADDR=off", "TMD_CONTROLLER_HEALTH_ADDR=off"}
	for name, tt := range map[string]struct {
		args, environ []string
		code          int
		out, errs     string
	}{
		"help":                   {[]string{"-h"}, nil, 0, "", "--dry-run"},
		"version":                {[]string{"--version"}, nil, 0, "tmd-controller dev go", ""},
		"a flag with one dash":   {[]string{"-version"}, nil, 0, "tmd-controller dev go", ""},
		"an unknown flag":        {[]string{"--dry"}, nil, 2, "", "flag provided but not defined"},
		"an argument":            {[]string{"run"}, nil, 2, "", `unexpected argument "run"`},
		"settings are missing":   {nil, nil, 2, "", "TMD_NAMESPACE is missing: set it to the namespace of the worker pods."},
		"a DSN that is none":     {nil, []string{"SENTRY_DSN=x"}, 2, "", "SENTRY_DSN is not a DSN"},
		"outside of a cluster":   {nil, complete, 1, "", "this is no pod: set KUBECONFIG"},
		"a kubeconfig not there": {nil, append([]string{"KUBECONFIG=/nowhere"}, complete...), 1, "", "kubeconfig: stat /nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			code := controllercmd.Run(t.Context(), program.Process{Args: tt.args, Environ: tt.environ, Stdout: &out, Stderr: &errs})
			if code != tt.code || !strings.Contains(out.String(), tt.out) || !strings.Contains(errs.String(), tt.errs) {
				t.Errorf("exit code %d, want %d\n%s%s", code, tt.code, &out, &errs)
			}
		})
	}
}

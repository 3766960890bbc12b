package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/config"
)

func TestTraces(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		environ []string
		headers map[string]string
		fault   string
	}{
		"off":     {nil, map[string]string{}, ""},
		"headers": {[]string{"OTEL_EXPORTER_OTLP_HEADERS=authorization=Basic%20a%3D%3D, x-tenant=b"}, map[string]string{"Authorization": "Basic a==", "X-Tenant": "b"}, ""},
		"gRPC":    {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317"}, nil, "OTEL_EXPORTER_OTLP_ENDPOINT has port 4317"},
		"ratio":   {[]string{"TMD_TRACE_RATIO=1.5"}, nil, "TMD_TRACE_RATIO is 1.5"},
		"no pairs": {[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318", "OTEL_EXPORTER_OTLP_HEADERS=hunter2"}, nil,
			"OTEL_EXPORTER_OTLP_HEADERS cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c config.Parser
			err := config.Load(&c, tt.environ)
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("got %v, want %q and no secret", err, tt.fault)
				}
				return
			}
			headers, headerErr := c.Headers()
			if diff := cmp.Diff(tt.headers, headers); err != nil || headerErr != nil || diff != "" {
				t.Errorf("got %v and %v, (-want +got):\n%s", err, headerErr, diff)
			}
		})
	}
}

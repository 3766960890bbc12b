package redischeck

import (
	"errors"
	"strings"
	"testing"
)

// An empty problem means that waiting may help.
func TestExplainRefusal(t *testing.T) {
	t.Parallel()
	const unreachable = "redis: all sentinels specified in configuration are unreachable: "
	for name, tt := range map[string]struct{ text, want string }{
		"no Sentinel knows the master":    {unreachable + "redis: nil\nredis: nil", "correct master_name"},
		"one Sentinel does not answer":    {unreachable + "redis: nil\ndial tcp 10.0.0.2:26379: connect: connection refused", ""},
		"a Sentinel in place of a server": {"ERR unknown command 'select', with args beginning with: '1'", "add ?master_name=NAME"},
		"protected mode":                  {"DENIED Redis is running in protected mode because protected mode is enabled " + strings.Repeat("and more ", 90), "in protected mode"},
		"an outage":                       {"dial tcp 10.0.0.1:6379: connect: connection refused", ""},
		"loading":                         {"LOADING Redis is loading the dataset in memory", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := explainRefusal("ping", errors.New(tt.text))
			switch {
			case tt.want == "" && IsUnfit(err):
				t.Errorf("got %v, want an error that waiting may change", err)
			case tt.want != "" && (!IsUnfit(err) || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			case len(err.Error()) > 600:
				t.Errorf("got %d bytes, want a sentence", len(err.Error()))
			}
		})
	}
}

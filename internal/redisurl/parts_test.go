package redisurl_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

func TestValidateOfParts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		url, problem string // of the parameter; empty: another error
		want         error
	}{
		"a user alone":        {url: "redis://worker@redis:6379/1", want: redisurl.ErrNoPassword},
		"an empty password":   {url: "redis://worker:@redis:6379/1", want: redisurl.ErrNoPassword},
		"a negative database": {url: "redis://redis:6379/-1"},
		"the same, Sentinel":  {url: "redis://redis:6379/-1?master_name=main"},
		"the port 0":          {url: "redis://redis:0/1"},
		"a port above all":    {url: "redis://redis:70000/1"},
		"no port":             {url: "redis://redis:/1"},
		"a negative pool":     {url: "redis://redis/1?pool_size=-1", problem: "pool_size, which is negative"},
		"a pool of words":     {url: "redis://redis/1?pool_size=many", problem: "pool_size, which is no number"},
		"a limit of words":    {url: "redis://redis/1?dial_timeout=fast", problem: "dial_timeout, which is no duration"},
		"an unknown one":      {url: "redis://redis/1?pool=9", problem: "a parameter that does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := redisurl.Validate(tt.url)
			var parameter *redisurl.ParameterError
			switch {
			case err == nil:
				t.Error("got nil, want an error")
			case tt.want != nil && !errors.Is(err, tt.want):
				t.Errorf("got %v, want %v", err, tt.want)
			case tt.problem != "" && (!errors.As(err, &parameter) || !strings.Contains(parameter.DescribeProblem(), tt.problem)):
				t.Errorf("got %v, want a ParameterError with %q", err, tt.problem)
			}
		})
	}
	for _, url := range []string{"redis://:pw@redis/1", "redis://u:p%20w%25@redis:6379/1?dial_timeout=0&pool_size=0", "rediss://redis/0?max_retries=-1", "unix:///run/redis.sock?db=1"} {
		if err := redisurl.Validate(url); err != nil {
			t.Errorf("%s: got %v, want nil", url, err)
		}
	}
}

func TestParseTarget(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]redisurl.Target{
		"redis://:pw@redis:6379/1":                        {Addresses: []string{"redis:6379"}, Database: 1},
		"rediss://redis/0":                                {Addresses: []string{"redis:6379"}, TLS: true},
		"redis://a:26379/2?master_name=main&addr=b:26379": {Addresses: []string{"a:26379", "b:26379"}, Database: 2, Master: "main"},
	} {
		got, err := redisurl.ParseTarget(url)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: got an error %v and %s", url, err, diff)
		}
	}
}

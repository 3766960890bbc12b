package controllerapp

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestCheckRedisAtTheStart(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	for name, tt := range map[string]struct{ url, want string }{
		"fit":         {server.URL(1), ""},
		"unfit":       {"redis://nobody:pw@" + server.Addr() + "/1", "REDIS_JOB_URL: Redis refuses the user"},
		"unavailable": {"redis://127.0.0.1:1/1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := redisurl.Open(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			err = checkRedis(t.Context(), client, "REDIS_JOB_URL", slog.New(slog.DiscardHandler))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

package redischeck_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/redischeck"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestCheckCacheOfServers(t *testing.T) {
	t.Parallel()
	master := testenv.StartRedis(t)
	for name, c := range map[string]struct {
		args []string
		part string // empty: fit
	}{
		"one that evicts":  {[]string{"--maxmemory-policy", "allkeys-lru", "--appendonly", "no"}, ""},
		"a replica":        {[]string{"--replicaof", "127.0.0.1 " + strconv.Itoa(master.Port)}, "read-only replica"},
		"a cluster":        {[]string{"--cluster-enabled", "yes"}, "cluster mode"},
		"without commands": {[]string{"--rename-command", "UNLINK", ""}, "lacks a command for the keys cache:*"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := openURL(t, startServer(t, c.args...).URL(0))
			err := redischeck.CheckCache(t.Context(), client)
			if c.part != "" {
				wantUnfit(t, err, c.part)
				return
			}
			if err != nil {
				t.Errorf("got %v, want nil", err)
			}
			if keys := client.Keys(t.Context(), "*").Val(); len(keys) > 0 {
				t.Errorf("got the keys %v left behind, want none", keys)
			}
		})
	}
}

func TestCheckCacheOfAccessLists(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	for user, rule := range map[string]string{
		"fit": "~cache:* +@all -@admin -@dangerous", "unfit": "~job:* &* +@all", "reader": "~* +@read +@connection",
	} {
		args := append([]any{"ACL", "SETUSER", user, "on", ">pw"}, toArgs(rule)...)
		if err := openURL(t, server.URL(0)).Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
		err := redischeck.CheckCache(t.Context(), openURL(t, fmt.Sprintf("redis://%s:pw@%s/0", user, server.Addr())))
		if user == "fit" {
			if err != nil {
				t.Errorf("%s: got %v, want nil", rule, err)
			}
			continue
		}
		wantUnfit(t, err, "grant the rights ~cache:*")
		if strings.Contains(err.Error(), "~asynq") {
			t.Errorf("%s: got %v, want the rights of the cache alone", rule, err)
		}
	}
}

func TestCheckCacheOfAnOutage(t *testing.T) {
	t.Parallel()
	client := openURL(t, fmt.Sprintf("redis://127.0.0.1:%d/0", testenv.FreePort(t)))
	if err := redischeck.CheckCache(t.Context(), client); err == nil || redischeck.IsUnfit(err) {
		t.Errorf("got %v, want an error that is no UnfitError", err)
	}
}

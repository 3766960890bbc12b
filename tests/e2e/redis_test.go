//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"encoding/base64"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisClient is a client of the queue's Redis, through a forwarded port.
type redisClient struct{ *redis.Client }

var forwarded = regexp.MustCompile(`127\.0\.0\.1:(\d+) ->`)

func openRedis(t *testing.T) redisClient {
	t.Helper()
	password, err := base64.StdEncoding.DecodeString(requireKubectl(t, "get", "secret", "tmd-trackmydegree", "--output", "jsonpath={.data.redis-password}"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "kubectl", "--namespace", namespace, "port-forward", "service/tmd-trackmydegree-redis", ":6379")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := forwarded.FindStringSubmatch(lines.Text()); m != nil {
			c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + m[1], Password: string(password), DB: 1})
			t.Cleanup(func() { c.Close() })
			return redisClient{c}
		}
	}
	t.Fatal("kubectl port-forward said no port")
	return redisClient{}
}

func (c redisClient) addMember(t *testing.T, key, member string, due time.Time) {
	t.Helper()
	if err := c.ZAdd(t.Context(), key, redis.Z{Score: float64(due.Unix()), Member: member}).Err(); err != nil {
		t.Fatal(err)
	}
}

func (c redisClient) removeMember(t *testing.T, key, member string) {
	t.Helper()
	if err := c.ZRem(t.Context(), key, member).Err(); err != nil {
		t.Fatal(err)
	}
}

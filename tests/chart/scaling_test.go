package chart_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// KEDA treats a missing key as an empty list: a wrong name would never scale and never report an error. So the test
// brings tasks into every state on a real Redis, and each key of the ScaledObject must contain one.
func TestKEDALooksAtTheQueuesKeys(t *testing.T) {
	t.Parallel()
	var triggers []string
	names := map[string]string{}
	var formula string
	for _, o := range render(t, chart+"/ci/autoscaled-values.yaml") {
		if o.Kind != "ScaledObject" {
			continue
		}
		formula = o.Spec.Advanced.ScalingModifiers.Formula
		for _, trigger := range o.Spec.Triggers {
			triggers = append(triggers, trigger.Metadata["listName"])
			names[trigger.Name] = trigger.Metadata["listName"]
		}
	}
	if len(triggers) != 16 {
		t.Fatalf("%d triggers: %v", len(triggers), triggers)
	}
	for term := range strings.SplitSeq(formula, " + ") {
		if names[term] == "" {
			t.Errorf("the formula counts %q, which no trigger is named", term)
		}
		delete(names, term)
	}
	if len(names) > 0 {
		t.Errorf("the formula leaves out %v", names)
	}

	url := testenv.StartRedis(t).URL(1)
	redis, err := redisurl.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = redis.Close() })
	client := asynq.NewClientFromRedisClient(redis)
	queues := map[string]int{queuemodel.High: 1, queuemodel.Normal: 1, queuemodel.Low: 1, queuemodel.Plans: 1}
	enqueue := func(name, kind string, options ...asynq.Option) {
		t.Helper()
		if _, err := client.Enqueue(asynq.NewTask(kind, nil), append(options, asynq.Queue(name))...); err != nil {
			t.Fatal(err)
		}
	}
	blocked := make(chan struct{})
	for name := range queues {
		enqueue(name, "block")
		enqueue(name, "fail")
		enqueue(name, "block", asynq.ProcessIn(time.Hour))
	}
	// The concurrency equals the number of blocked tasks; later tasks stay pending.
	server := asynq.NewServerFromRedisClient(redis, asynq.Config{
		Concurrency: 2 * len(queues), Queues: queues, LogLevel: asynq.FatalLevel, TaskCheckInterval: 20 * time.Millisecond,
		RetryDelayFunc:  func(int, error, *asynq.Task) time.Duration { return time.Hour },
		ShutdownTimeout: time.Second,
	})
	err = server.Start(asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		if task.Type() == "fail" {
			return errors.New("on purpose")
		}
		select {
		case <-blocked:
		case <-ctx.Done():
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(blocked); server.Shutdown() })

	ctx := t.Context()
	missing := func(states ...string) []string {
		var all []string
		for _, key := range triggers {
			state := key[strings.LastIndex(key, ":")+1:]
			if n, err := redis.Exists(ctx, key).Result(); slices.Contains(states, state) && (err != nil || n == 0) {
				all = append(all, key)
			}
		}
		return all
	}
	testenv.Eventually(t, "tasks that run, that wait to retry, and for later", func() bool { return len(missing("active", "retry", "scheduled")) == 0 })
	server.Stop() // takes no further tasks
	for name := range queues {
		enqueue(name, "block")
	}
	if left := missing("pending", "active", "retry", "scheduled"); len(left) > 0 {
		t.Errorf("asynq has nothing under %v", left)
	}
}

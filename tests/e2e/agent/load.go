package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// runLoad uploads a document at each interval until stop, and polls each job to its end. The users alternate; one
// that reuses connections and one that does not meet different faults. Every failed request is reported, none is
// repeated.
func runLoad(ctx context.Context, users []*client, newDocument func(int) (string, []byte), every, limit time.Duration, stop <-chan struct{}) Report {
	var (
		mu     sync.Mutex
		report = Report{Failures: []string{}, Jobs: []Job{}}
		wg     sync.WaitGroup
	)
	countRequest := func(err error) bool {
		mu.Lock()
		defer mu.Unlock()
		report.Requests++
		if err != nil {
			report.Failures = append(report.Failures, fmt.Sprintf("%s %v", time.Now().UTC().Format(time.TimeOnly), err))
		}
		return err == nil
	}
	follow := func(user *client, n int) {
		name, pdf := newDocument(n)
		j, err := user.uploadDocument(ctx, name, pdf)
		if !countRequest(err) {
			return
		}
		for end := time.Now().Add(limit); !j.hasEnded() && time.Now().Before(end); {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pollInterval):
			}
			polled, err := user.loadStatus(ctx, j)
			if countRequest(err) {
				j = polled
			}
		}
		mu.Lock()
		defer mu.Unlock()
		report.Jobs = append(report.Jobs, j)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 0; ; n++ {
		wg.Go(func() { follow(users[n%len(users)], n) })
		select {
		case <-tick.C:
			continue
		case <-stop:
		case <-ctx.Done():
		}
		wg.Wait()
		return report
	}
}

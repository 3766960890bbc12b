package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// load uploads a document every so often, until stop; each is followed to its end by polling, half of the users on kept
// connections and half on new ones. Every request that fails is told: nothing is tried again.
func (c *client) load(ctx context.Context, docs func(int) (string, []byte), every, limit time.Duration, stop <-chan struct{}) Report {
	fresh := &client{base: c.base, token: c.token, kept: &http.Client{
		Timeout: requestTimeout, Transport: &http.Transport{DisableKeepAlives: true},
	}}
	var (
		mu     sync.Mutex
		report = Report{Failures: []string{}, Jobs: []Job{}}
		wg     sync.WaitGroup
	)
	note := func(err error) bool {
		mu.Lock()
		defer mu.Unlock()
		report.Requests++
		if err != nil {
			report.Failures = append(report.Failures, fmt.Sprintf("%s %v", time.Now().UTC().Format(time.TimeOnly), err))
		}
		return err == nil
	}
	follow := func(user *client, n int) {
		name, pdf := docs(n)
		j, err := user.upload(ctx, name, pdf)
		if !note(err) {
			return
		}
		for end := time.Now().Add(limit); !j.final() && time.Now().Before(end); {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pollInterval):
			}
			known, err := user.status(ctx, j)
			if note(err) {
				j = known
			}
		}
		mu.Lock()
		defer mu.Unlock()
		report.Jobs = append(report.Jobs, j)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 0; ; n++ {
		user := c
		if n%2 == 1 {
			user = fresh
		}
		wg.Go(func() { follow(user, n) })
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

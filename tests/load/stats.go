//go:build load

// Package load measures the whole system as its users see it: real processes, real servers, documents of the test
// set. `make bench` runs it; docs/performance.md has the figures and the method.
package load

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// percentileOf returns the p-th percentile (0 to 1) of the samples, by nearest rank.
func percentileOf(samples []time.Duration, p float64) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	s := slices.Clone(samples)
	slices.Sort(s)
	return s[min(int(float64(len(s))*p), len(s)-1)]
}

// usage is what a process and its children have used.
type usage struct {
	cpu time.Duration
	rss int64 // bytes, of the process itself
}

// clockTick is the unit of /proc/PID/stat: 100 per second on every Linux that Go supports (man 5 proc).
const clockTick = time.Second / 100

// usageOf reads /proc for a process; its CPU includes its living and its awaited children.
func usageOf(pid int) (usage, error) {
	var u usage
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	for _, i := range []int{11, 12, 13, 14} { // utime stime cutime cstime
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return u, err
		}
		u.cpu += time.Duration(n) * clockTick
	}
	pages, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return u, err
	}
	n, err := strconv.ParseInt(strings.Fields(string(pages))[1], 10, 64)
	if err != nil {
		return u, err
	}
	u.rss = n * int64(os.Getpagesize())
	for _, child := range childrenOf(pid) {
		if c, err := usageOf(child); err == nil {
			u.cpu += c.cpu
		}
	}
	return u, nil
}

func childrenOf(pid int) []int {
	var pids []int
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range files {
		b, _ := os.ReadFile(f)
		for _, s := range strings.Fields(string(b)) {
			if n, err := strconv.Atoi(s); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}

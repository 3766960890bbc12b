// Package chaos runs the whole system as real processes behind links that fail. It uploads under load while a seeded
// schedule kills, pauses, cuts and fills what the system depends on, and compares every answer 202 with its outcome.
// `make chaos` runs it; docs/reliability-proof.md describes the checks and keeps the figures.
package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Kind is a kind of fault.
type Kind string

// The kinds of faults.
const (
	KillWorker    Kind = "kill-worker" // SIGKILL; restarted after the fault's time, as every killed process
	KillAPI       Kind = "kill-api"
	KillParser    Kind = "kill-parser"
	KillChild     Kind = "kill-child" // one child process of the parser
	KillRedis     Kind = "kill-redis" // restarted with its append-only file
	KillMongo     Kind = "kill-mongo"
	WipeRedis     Kind = "wipe-redis"     // FLUSHALL
	LoseRedis     Kind = "lose-redis"     // SIGKILL; restarted without data
	ReadOnlyRedis Kind = "readonly-redis" // refuses writes, like a master that was demoted
	FullRedis     Kind = "full-redis"     // refuses writes for lack of memory
	PauseWorker   Kind = "pause-worker"   // SIGSTOP, then SIGCONT
	PauseParser   Kind = "pause-parser"
	PauseRedis    Kind = "pause-redis"
	PauseMongo    Kind = "pause-mongo"
	CutLink       Kind = "cut-link"    // every connection is reset
	RefuseLink    Kind = "refuse-link" // and no connection is accepted during the fault
	DelayLink     Kind = "delay-link"  // everything arrives later
	StallLink     Kind = "stall-link"  // nothing arrives until the end of the fault
	FillDisk      Kind = "fill-disk"   // the file system of the uploads is full
	ReadOnlyDisk  Kind = "readonly-disk"
	DrainWorker   Kind = "drain-worker" // SIGTERM; restarted when it has ended
	DrainAPI      Kind = "drain-api"
	DrainParser   Kind = "drain-parser"
)

// The targets of faults. A link is named after its two ends.
var (
	workers = []string{"worker-1", "worker-2", "worker-3"}
	apis    = []string{"api-1", "api-2"}
	links   = linkNames()
)

func linkNames() []string {
	var names []string
	for _, api := range apis {
		names = append(names, "client>"+api, api+">redis", api+">mongo")
	}
	for _, worker := range workers {
		names = append(names, worker+">redis", worker+">mongo", worker+">parser")
	}
	return names
}

// deck holds each kind of fault a number of times. It is shuffled again after all were dealt, so that a run of two
// minutes meets nearly all kinds.
var deck = []struct {
	kind     Kind
	cards    int
	targets  []string
	min, max time.Duration // the duration of the fault
}{
	{KillWorker, 5, workers, 200 * time.Millisecond, 3 * time.Second},
	{KillAPI, 2, apis, 200 * time.Millisecond, 2 * time.Second},
	{KillParser, 2, []string{"parser"}, 200 * time.Millisecond, 3 * time.Second},
	{KillChild, 3, []string{"children"}, 0, 0},
	{KillRedis, 2, []string{"redis"}, 200 * time.Millisecond, 3 * time.Second},
	{KillMongo, 1, []string{"mongo"}, 200 * time.Millisecond, 3 * time.Second},
	{WipeRedis, 1, []string{"redis"}, 0, 0},
	{LoseRedis, 1, []string{"redis"}, 500 * time.Millisecond, 3 * time.Second},
	{ReadOnlyRedis, 1, []string{"redis"}, time.Second, 4 * time.Second},
	{FullRedis, 1, []string{"redis"}, time.Second, 4 * time.Second},
	{PauseWorker, 3, workers, time.Second, 8 * time.Second},
	{PauseParser, 2, []string{"parser"}, time.Second, 8 * time.Second},
	{PauseRedis, 2, []string{"redis"}, time.Second, 8 * time.Second},
	{PauseMongo, 1, []string{"mongo"}, time.Second, 8 * time.Second},
	{CutLink, 4, links, 0, 0},
	{RefuseLink, 2, links, 500 * time.Millisecond, 5 * time.Second},
	{DelayLink, 3, links, time.Second, 8 * time.Second},
	{StallLink, 3, links, time.Second, 8 * time.Second},
	{FillDisk, 2, []string{"disk"}, 500 * time.Millisecond, 5 * time.Second},
	{ReadOnlyDisk, 1, []string{"disk"}, 500 * time.Millisecond, 4 * time.Second},
	{DrainWorker, 3, workers, 0, 0},
	{DrainAPI, 2, apis, 0, 0},
	{DrainParser, 1, []string{"parser"}, 0, 0},
}

// AllKinds returns every kind of fault.
func AllKinds() []Kind {
	kinds := make([]Kind, len(deck))
	for i, d := range deck {
		kinds[i] = d.kind
	}
	return kinds
}

// MatchKinds returns the kinds of a list such as "kill-worker,redis": each part is a part of a name. An empty list
// selects all.
func MatchKinds(list string) ([]Kind, error) {
	if list == "" {
		return AllKinds(), nil
	}
	var kinds []Kind
	for _, part := range strings.Split(list, ",") {
		n := len(kinds)
		for _, k := range AllKinds() {
			if strings.Contains(string(k), strings.TrimSpace(part)) {
				kinds = append(kinds, k)
			}
		}
		if len(kinds) == n {
			return nil, fmt.Errorf("no kind of fault is named %q: there are %v", part, AllKinds())
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds), nil
}

// Fault is one entry of a schedule.
type Fault struct {
	At, For time.Duration // At counts from the start of the run; For is 0 for an instantaneous fault
	Kind    Kind
	Target  string
	Delay   time.Duration // of a delayed link
	Pick    uint32        // selects a target that exists only at the moment, such as a child process
}

func (f Fault) String() string {
	s := fmt.Sprintf("%7.2fs  %-14s %s", f.At.Seconds(), f.Kind, f.Target)
	if f.For > 0 {
		s += fmt.Sprintf(" for %.2fs", f.For.Seconds())
	}
	if f.Delay > 0 {
		s += fmt.Sprintf(", %d ms", f.Delay.Milliseconds())
	}
	return s
}

// restAfterFault is how long a target has no fault after one. A killed process starts in that time.
const restAfterFault = time.Second

// PlanFaults returns the faults of a run: one per interval on average, all ended before the end of the run. It depends
// only on its arguments.
func PlanFaults(seed uint64, length, every time.Duration, kinds []Kind) []Fault {
	r := rand.New(rand.NewPCG(seed, 0))
	busy := map[string]time.Duration{} // until this time
	var (
		plan []Fault
		hand []int // of deck
		t    time.Duration
	)
	for {
		t += time.Duration((0.25 + 1.5*r.Float64()) * float64(every))
		if t >= length {
			return plan
		}
		if len(hand) == 0 {
			if hand = shuffleCards(r, kinds); len(hand) == 0 {
				return plan
			}
		}
		// The first card whose target is free, or none.
		for i, card := range hand {
			d := deck[card]
			f := Fault{At: t.Round(10 * time.Millisecond), Kind: d.kind, Target: d.targets[r.IntN(len(d.targets))], Pick: r.Uint32()}
			if d.max > 0 {
				f.For = d.min + time.Duration(r.Int64N(int64(d.max-d.min)+1))
				f.For = min(f.For, length-t).Round(10 * time.Millisecond)
			}
			if d.kind == DelayLink {
				f.Delay = time.Duration(20+r.IntN(1480)) * time.Millisecond
			}
			if busy[f.Target] > t {
				continue
			}
			busy[f.Target] = t + f.For + restAfterFault
			plan = append(plan, f)
			hand = slices.Delete(hand, i, i+1)
			break
		}
	}
}

func shuffleCards(r *rand.Rand, kinds []Kind) []int {
	var hand []int
	for i, d := range deck {
		if slices.Contains(kinds, d.kind) {
			for range d.cards {
				hand = append(hand, i)
			}
		}
	}
	r.Shuffle(len(hand), func(i, j int) { hand[i], hand[j] = hand[j], hand[i] })
	return hand
}

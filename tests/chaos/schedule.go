// Package chaos runs the whole system as real processes behind links that fail, uploads to it under load while a seeded
// schedule kills, pauses, cuts and fills what it stands on, and then holds every answer 202 against what came of it.
// `make chaos` runs it; docs/reliability-proof.md says what it checks and keeps its figures.
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
	KillWorker    Kind = "kill-worker" // SIGKILL, and started again after the fault's time, as all that is killed
	KillAPI       Kind = "kill-api"
	KillParser    Kind = "kill-parser"
	KillChild     Kind = "kill-child" // one child process of the parser
	KillRedis     Kind = "kill-redis" // comes back with its append-only file
	KillMongo     Kind = "kill-mongo"
	WipeRedis     Kind = "wipe-redis"     // FLUSHALL
	LoseRedis     Kind = "lose-redis"     // SIGKILL, and comes back empty
	ReadOnlyRedis Kind = "readonly-redis" // refuses writes, as a master that was demoted
	FullRedis     Kind = "full-redis"     // refuses writes for want of memory
	PauseWorker   Kind = "pause-worker"   // SIGSTOP, then SIGCONT
	PauseParser   Kind = "pause-parser"
	PauseRedis    Kind = "pause-redis"
	PauseMongo    Kind = "pause-mongo"
	CutLink       Kind = "cut-link"    // every connection is reset
	RefuseLink    Kind = "refuse-link" // and none is accepted for a while
	DelayLink     Kind = "delay-link"  // everything arrives later
	StallLink     Kind = "stall-link"  // nothing arrives before the end of the fault
	FillDisk      Kind = "fill-disk"   // no byte is left where the uploads are
	ReadOnlyDisk  Kind = "readonly-disk"
	DrainWorker   Kind = "drain-worker" // SIGTERM, and started again when it has ended
	DrainAPI      Kind = "drain-api"
	DrainParser   Kind = "drain-parser"
)

// What faults happen to. A link is named by its two ends.
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

// deck says what is dealt: each kind so many times before all are shuffled again, so that a run of two minutes has met
// nearly all of them.
var deck = []struct {
	kind     Kind
	cards    int
	targets  []string
	min, max time.Duration // how long it lasts
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

// Kinds returns every kind of fault.
func AllKinds() []Kind {
	kinds := make([]Kind, len(deck))
	for i, d := range deck {
		kinds[i] = d.kind
	}
	return kinds
}

// Match returns the kinds that a list such as "kill-worker,redis" means: each part is a piece of a name. An empty list
// means all.
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
	At, For time.Duration // since the begin of the run; 0 long for what is over at once
	Kind    Kind
	Target  string
	Delay   time.Duration // of a delayed link
	Pick    uint32        // decides what only the moment can tell, such as which of the children
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

// recess is how long a target is left alone after a fault. What was killed needs some of it to start.
const restAfterFault = time.Second

// Plan deals the faults of a run: one every so often on average, all over before the end. It is a function of its
// arguments alone.
func PlanFaults(seed uint64, length, every time.Duration, kinds []Kind) []Fault {
	r := rand.New(rand.NewPCG(seed, 0))
	busy := map[string]time.Duration{} // until when
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
		// The first card whose target is free, or none this time.
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

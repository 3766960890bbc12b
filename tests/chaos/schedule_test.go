package chaos

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPlanIsAFunctionOfItsSeed(t *testing.T) {
	const length, every = 2 * time.Minute, 2 * time.Second
	for seed := range uint64(50) {
		plan := PlanFaults(seed, length, every, AllKinds())
		if diff := cmp.Diff(plan, PlanFaults(seed, length, every, AllKinds())); diff != "" {
			t.Fatalf("seed %d gives two plans:\n%s", seed, diff)
		}
		if cmp.Equal(plan, PlanFaults(seed+1, length, every, AllKinds())) {
			t.Errorf("seeds %d and %d give the same plan", seed, seed+1)
		}
	}
}

func TestPlanKeepsItsRules(t *testing.T) {
	for seed := range uint64(50) {
		const length, every = 2 * time.Minute, 2 * time.Second
		free := map[string]time.Duration{}
		met := map[Kind]bool{}
		plan := PlanFaults(seed, length, every, AllKinds())
		for i, f := range plan {
			if f.At <= 0 || f.At+f.For > length {
				t.Errorf("seed %d: %v is not within %v", seed, f, length)
			}
			if i > 0 && f.At < plan[i-1].At {
				t.Errorf("seed %d: %v comes after %v", seed, f, plan[i-1])
			}
			if f.At+10*time.Millisecond < free[f.Target] {
				t.Errorf("seed %d: %v hits what another fault still holds", seed, f)
			}
			free[f.Target] = f.At + f.For + restAfterFault
			met[f.Kind] = true
		}
		if n := int(length / every); len(plan) < n*2/3 || len(plan) > n*3/2 {
			t.Errorf("seed %d: %d faults, want about %d", seed, len(plan), n)
		}
		if len(met) < len(AllKinds())-2 {
			t.Errorf("seed %d meets %d kinds of %d", seed, len(met), len(AllKinds()))
		}
	}
}

func TestPlanOfChosenKinds(t *testing.T) {
	kinds, err := MatchKinds("kill-worker, redis")
	if err != nil {
		t.Fatal(err)
	}
	want := []Kind{FullRedis, KillRedis, KillWorker, LoseRedis, PauseRedis, ReadOnlyRedis, WipeRedis}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Fatal(diff)
	}
	for _, f := range PlanFaults(1, time.Minute, time.Second, kinds) {
		if !slices.Contains(want, f.Kind) {
			t.Errorf("%v was not asked for", f)
		}
	}
	if _, err := MatchKinds("kill-wroker"); err == nil {
		t.Error("a kind that does not exist is taken")
	}
}

package imageupdate_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/trackmydegree/trackmydegree/internal/controller/imageupdate"
)

// standard installs the release with pods that run the digest, and sets the clock to the night.
func standard(t *testing.T) (f *fleet, old string) {
	t.Helper()
	f = newFleet(t)
	old = f.push()
	for component, names := range map[string][]string{"parser": {"parser"}, "worker": {"worker", "+parser"}, "api": {"api"}} {
		f.install(component, 2, f.image(), names...)
		f.play(component, old)
	}
	return f, old
}

var crashing = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}

func TestANewDigestIsRolledOutOneComponentAfterTheOther(t *testing.T) {
	t.Parallel()
	f, old := standard(t)
	fresh := f.push()
	want := f.image() + "@" + fresh

	if next := f.step().RequeueAfter; next != 16*time.Hour {
		t.Errorf("at noon: again after %s, want at four o'clock", next)
	}
	if f.runs("parser") != f.image() {
		t.Error("something was rolled out at noon")
	}
	f.night()
	for i, component := range []string{"parser", "worker", "api"} {
		f.step()
		if got := f.runs(component); got != want {
			t.Fatalf("%s: %s, want %s", component, got, want)
		}
		for _, later := range []string{"parser", "worker", "api"}[i+1:] {
			if got := f.runs(later); got != f.image() {
				t.Fatalf("%s: %s, before its turn", later, got)
			}
		}
		f.pass(5 * time.Second)
		f.step() // no pod yet
		f.play(component)
		f.pass(5 * time.Second)
		f.step() // not ready for long enough
		if f.annotation(component, imageupdate.RolloutAnnotation) == "" {
			t.Fatalf("%s: proven after 5 s", component)
		}
		f.pass(6 * time.Second)
		f.step()
		if f.annotation(component, imageupdate.RolloutAnnotation) != "" {
			t.Fatalf("%s: %s", component, f.annotation(component, imageupdate.RolloutAnnotation))
		}
		if !f.recorder.has("tmd-" + component + " Normal ImageUpdated: Runs " + want) {
			t.Errorf("%s: %q", component, f.recorder.said)
		}
	}
	if got := f.get("worker").Spec.Template.Spec.InitContainers[0].Image; got != want {
		t.Errorf("the worker's parser: %s", got)
	}
	f.steps()
	if !strings.Contains(f.annotation("api", imageupdate.PreviousAnnotation), f.image()+"@"+old) {
		t.Errorf("previous: %s", f.annotation("api", imageupdate.PreviousAnnotation))
	}
	// The next upgrade of Helm meets no conflict, and resets the images to its own.
	if err := f.helm("api", 2, f.image(), "api"); err != nil {
		t.Errorf("helm upgrade: %v", err)
	}
	if got := f.runs("api"); got != f.image() {
		t.Errorf("after helm upgrade: %s", got)
	}
	if err := f.helm("worker", 2, f.image()+".1", "worker", "+parser"); err != nil {
		t.Errorf("helm upgrade to another tag: %v", err)
	}
}

func TestWhatIsUpToDateIsLeftAlone(t *testing.T) {
	t.Parallel()
	f, _ := standard(t)
	f.install("frontend", 1, f.registry+"/trackmydegree@"+f.push(), "frontend") // a digest in the values
	fresh := f.push()
	for _, component := range []string{"parser", "worker", "api"} {
		f.play(component, fresh) // the nodes pulled it without the updater
	}
	f.night()
	f.steps()
	for _, component := range []string{"parser", "worker", "api", "frontend"} {
		if got := f.annotation(component, imageupdate.CheckedAnnotation); strings.HasSuffix(f.runs(component), fresh) || got != "2026-11-25T04:00:00Z" {
			t.Errorf("%s: %s, checked %s", component, f.runs(component), got)
		}
	}
	if len(f.recorder.said) > 0 {
		t.Errorf("%q", f.recorder.said)
	}
}

// A controller may end between any two of its writes.
func TestACrashBetweenTwoWrites(t *testing.T) {
	t.Parallel()
	f, old := standard(t)
	fresh := f.push()
	f.night()
	writes := 0
	crash := errors.New("crash")
	watched, err := client.NewWithWatch(server.RestConfig(t), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for broken := range 2 {
		if broken == 1 {
			fresh, old = f.push(), fresh
			f.night()
		}
		// Each write is the last one of some controller.
		ended := false
		for range 60 {
			f.via = interceptor.NewClient(watched, interceptor.Funcs{
				Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
					if err := c.Patch(ctx, o, p, opts...); err != nil {
						return err
					}
					writes++
					return crash
				},
			})
			before := writes
			result, err := f.tryStep()
			if err != nil && !errors.Is(err, crash) {
				t.Fatal(err)
			}
			if writes == before && result.RequeueAfter > time.Hour {
				ended = true
				break
			}
			for _, component := range []string{"parser", "worker", "api"} {
				if broken == 1 && component == "worker" && strings.HasSuffix(f.runs("worker"), fresh) {
					f.playWith(component, crashing, 5)
				} else {
					f.sync(component)
				}
			}
			f.pass(15 * time.Second)
		}
		if !ended {
			t.Fatal("no end of it")
		}
		t.Logf("%d controllers", writes)
		writes = 0
		want := fresh
		if broken == 1 {
			want = old
		}
		for _, component := range []string{"parser", "worker", "api"} {
			if got := f.runs(component); got != f.image()+"@"+want || f.annotation(component, imageupdate.RolloutAnnotation) != "" {
				t.Errorf("broken %d: %s: %s, %v, want %s", broken, component, got, f.get(component).Annotations, want)
			}
		}
		if err := f.helm("worker", 2, f.image()+".9", "worker", "+parser"); err != nil {
			t.Errorf("helm upgrade: %v", err)
		}
		if err := f.helm("worker", 2, f.image()+"@"+want, "worker", "+parser"); err != nil {
			t.Errorf("helm upgrade: %v", err)
		}
		f.play("worker")
	}
}

// A fleet at zero proves nothing, and does not block the others. Its first pod decides.
func TestAFleetAtZero(t *testing.T) {
	t.Parallel()
	f, old := standard(t)
	f.scale("worker", 0)
	fresh := f.push()
	f.night()
	f.steps()
	if f.runs("worker") != f.image()+"@"+fresh || f.runs("api") != f.image()+"@"+fresh {
		t.Fatalf("worker %s, api %s", f.runs("worker"), f.runs("api"))
	}
	if f.annotation("worker", imageupdate.RolloutAnnotation) == "" {
		t.Fatal("proven without a pod")
	}
	// Another digest before any pod ran: a rollback still goes to the images that ran.
	proven := fresh
	fresh = f.push()
	f.night()
	f.steps()
	if f.runs("worker") != f.image()+"@"+fresh {
		t.Fatalf("worker %s", f.runs("worker"))
	}
	f.pass(3 * time.Hour)
	f.scale("worker", 2)
	f.step()
	f.playWith("worker", crashing, 3)
	f.steps()
	if f.runs("worker") != f.image()+"@"+old || f.runs("api") != f.image()+"@"+proven || !strings.Contains(f.annotation("worker", imageupdate.BadAnnotation), fresh) {
		t.Errorf("worker %s, %v; api %s", f.runs("worker"), f.get("worker").Annotations, f.runs("api"))
	}
}

func (f *fleet) scale(component string, replicas int32) {
	f.t.Helper()
	d := f.get(component)
	d.Spec.Replicas = &replicas
	if err := f.Update(f.t.Context(), d); err != nil {
		f.t.Fatal(err)
	}
	f.play(component)
}

func TestSomebodyElsesDoing(t *testing.T) {
	t.Parallel()
	f, old := standard(t)
	fresh := f.push()
	f.night()

	// A rollout that is under way goes first.
	d := f.get("parser")
	d.Status.UnavailableReplicas = 1
	if err := f.Status().Update(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if wait := f.step().RequeueAfter; wait != 5*time.Second || f.runs("parser") != f.image() {
		t.Errorf("in the midst of another rollout: %s, %s", wait, f.runs("parser"))
	}
	f.play("parser", old)

	// An upgrade of the release to the same tag during a rollout: the rollout continues.
	f.step()
	f.play("parser")
	if err := f.helm("parser", 2, f.image(), "parser"); err != nil {
		t.Fatal(err)
	}
	f.step()
	if f.runs("parser") != f.image()+"@"+fresh {
		t.Errorf("after an upgrade to the same tag: %s", f.runs("parser"))
	}
	// An upgrade to another tag supersedes it.
	if err := f.helm("parser", 2, f.image()+".1", "parser"); err != nil {
		t.Fatal(err)
	}
	f.step()
	if f.runs("parser") != f.image()+".1" || !f.recorder.has("tmd-parser Normal ImageUpdateSuperseded: ") || f.annotation("parser", imageupdate.RolloutAnnotation) != "" {
		t.Errorf("after an upgrade to another tag: %s, %q", f.runs("parser"), f.recorder.said)
	}
	// An upgrade that resets the images again and again wins in the end.
	f.step()
	for range 130 {
		if err := f.helm("worker", 2, f.image(), "worker", "+parser"); err != nil {
			t.Fatal(err)
		}
		f.step()
		f.pass(5 * time.Second)
	}
	if f.annotation("worker", imageupdate.RolloutAnnotation) != "" || f.runs("worker") != f.image() {
		t.Errorf("%s, %v", f.runs("worker"), f.get("worker").Annotations)
	}
}

func TestADryRunTellsAndWritesNothing(t *testing.T) {
	t.Parallel()
	f, _ := standard(t)
	f.push()
	f.night()
	f.dryRun = true
	before := f.pictures()
	f.step()
	f.step()
	if f.pictures() != before || len(f.recorder.said) > 0 {
		t.Errorf("%q", f.recorder.said)
	}
}

func TestAPausedDeploymentIsLeftAlone(t *testing.T) {
	t.Parallel()
	f, _ := standard(t)
	d := f.get("parser")
	d.Spec.Paused = true
	if err := f.Update(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	f.push()
	f.night()
	f.steps()
	if f.runs("parser") != f.image() || f.runs("worker") == f.image() {
		t.Errorf("parser %s, worker %s", f.runs("parser"), f.runs("worker"))
	}
}

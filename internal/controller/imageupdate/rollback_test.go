package imageupdate_test

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/trackmydegree/trackmydegree/internal/controller/imageupdate"
)

func TestABrokenDigestGoesBackAndIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	f, old := standard(t)
	broken := f.push()
	f.night()
	f.step() // parser
	f.play("parser")
	f.pass(11 * time.Second)
	f.step() // proven
	f.step() // worker
	f.playWith("worker", crashing, 1)
	f.pass(5 * time.Second)
	f.step() // it may still become ready
	if got := f.runs("worker"); got != f.image()+"@"+broken {
		t.Fatalf("after two ends: %s", got)
	}
	f.playWith("worker", crashing, 2)
	f.steps()
	for component, want := range map[string]string{
		"worker": f.image() + "@" + old, // not the tag, which names the failed image
		"parser": f.image() + "@" + old, // its pods ran the new image, and it goes back with the worker
		"api":    f.image(),             // not reached
	} {
		if got := f.runs(component); got != want {
			t.Errorf("%s: %s, want %s", component, got, want)
		}
	}
	for _, event := range []string{
		"tmd-worker Warning ImageRolledBack: ", "tmd-worker Normal ImageRestored: ", "tmd-parser Warning ImageRolledBack: ", "tmd-parser Normal ImageRestored: ",
	} {
		if !f.recorder.has(event) {
			t.Errorf("no event %q in %q", event, f.recorder.said)
		}
	}
	if got := f.annotation("worker", imageupdate.BadAnnotation); got != `{"`+f.image()+`":"`+broken+`"}` {
		t.Errorf("bad: %s", got)
	}
	f.night()
	f.steps()
	if f.runs("api") != f.image() || f.runs("worker") != f.image()+"@"+old || f.runs("parser") != f.image()+"@"+old {
		t.Error("the broken digest was tried again")
	}
	repaired := f.push()
	f.night()
	f.steps()
	for _, component := range []string{"parser", "worker", "api"} {
		if got := f.runs(component); got != f.image()+"@"+repaired {
			t.Errorf("%s: %s, want the next digest", component, got)
		}
	}
}

func TestWhatNodesCannotPullGoesBackAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	f, old := standard(t)
	f.push()
	f.night()
	f.step()
	f.playWith("parser", corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}, 0)
	f.pass(50 * time.Second)
	f.step()
	if f.recorder.has("tmd-parser Warning") {
		t.Fatalf("%q", f.recorder.said)
	}
	f.pass(20 * time.Second)
	f.step()
	f.step()
	if f.runs("parser") != f.image()+"@"+old || f.annotation("parser", imageupdate.BadAnnotation) != "" {
		t.Errorf("%s, %v", f.runs("parser"), f.get("parser").Annotations)
	}
}

func TestADeadline(t *testing.T) {
	t.Parallel()
	f, old := standard(t)
	broken := f.push()
	f.night()
	f.step()
	starting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
	f.playWith("parser", starting, 0)
	f.pass(9 * time.Minute)
	f.step()
	if f.runs("parser") != f.image()+"@"+broken {
		t.Fatal("turned back before its time")
	}
	f.pass(2 * time.Minute)
	f.step()
	f.step()
	if f.runs("parser") != f.image()+"@"+old || !strings.Contains(f.annotation("parser", imageupdate.BadAnnotation), broken) {
		t.Fatalf("%s, %v", f.runs("parser"), f.get("parser").Annotations)
	}
	// A rollback ends as well, if need be without success.
	f.playWith("parser", starting, 0)
	f.pass(11 * time.Minute)
	f.step()
	if !f.recorder.has("tmd-parser Warning ImageRollbackStuck: ") || f.annotation("parser", imageupdate.RolloutAnnotation) != "" {
		t.Errorf("%q", f.recorder.said)
	}
}

// The deadline of the Deployment counts as well.
func TestTheDeploymentsOwnDeadline(t *testing.T) {
	t.Parallel()
	f, old := standard(t)
	f.push()
	f.night()
	f.step()
	f.playWith("parser", corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}, 0)
	d := f.get("parser")
	d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded"}}
	if err := f.Status().Update(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	f.step()
	f.step()
	if f.runs("parser") != f.image()+"@"+old {
		t.Errorf("%s", f.runs("parser"))
	}
}

package imageupdate_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/trackmydegree/trackmydegree/internal/controller/imageupdate"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// The real Helm, with the project's chart, before and after the updater changed the images.
func TestHelmUpgrades(t *testing.T) {
	t.Parallel()
	helm := filepath.Join(testenv.RepoRoot(), ".bin", "helm")
	if _, err := os.Stat(helm); err != nil {
		testenv.SkipMissing(t, "helm", "run hack/deps.sh chart")
	}
	f := newFleet(t)
	kubeconfig := server.KubeConfig(t, f.namespace+"-operator")
	if err := f.Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: f.namespace}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: f.namespace + "-operator"}},
	}); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) {
		t.Helper()
		// Hooks wait for pods, and no kubelet runs here.
		cmd := exec.CommandContext(t.Context(), helm, append(args, "--kubeconfig", kubeconfig, "--namespace", f.namespace, "--no-hooks")...)
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("helm %s: %v\n%s", args[0], err, out)
		}
	}
	upgrade := func(tag string, more ...string) {
		t.Helper()
		run(append([]string{"upgrade", "--install", release, filepath.Join(testenv.RepoRoot(), "charts", "trackmydegree"), "--reset-values",
			"--set", "fullnameOverride=tmd,uploads.storageClass=any,controller.enabled=true,controller.images.enabled=true",
			"--set", "image.registry=" + f.registry + ",image.repository=trackmydegree,image.tag=" + tag}, more...)...)
		for _, component := range []string{"worker", "api"} {
			f.sync(component)
		}
	}
	old := f.push()
	upgrade("1.0")
	for _, component := range []string{"worker", "api"} {
		f.play(component, old)
	}
	fresh := f.push()
	pinned := f.image() + "@" + fresh
	f.night()
	f.steps()
	expect := func(when, want string) {
		t.Helper()
		for _, component := range []string{"worker", "api"} {
			if got := f.runs(component); got != want {
				t.Errorf("%s: %s runs %s, want %s", when, component, got, want)
			}
		}
		if got := f.get("worker").Spec.Template.Spec.InitContainers[0].Image; got != want {
			t.Errorf("%s: the worker's parser runs %s, want %s", when, got, want)
		}
	}
	expect("after the update", pinned)
	upgrade("1.0", "--set", "log.level=debug")
	expect("after an upgrade of something else", pinned)
	if got := f.get("api").Annotations[imageupdate.CheckedAnnotation]; got == "" {
		t.Error("an upgrade forgets what was checked")
	}
	upgrade("2.0")
	expect("after an upgrade to another tag", strings.Replace(f.image(), ":1.0", ":2.0", 1))
	run("rollback", release, "2")
	expect("after a rollback", pinned)
}

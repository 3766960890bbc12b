//go:build e2e

// Package e2e tests the chart on a live cluster. It uses the cluster of KUBECONFIG, or starts one on this machine;
// hack/cluster lists the requirements. The tests are chapters on one release, in this order; each of them brings the
// release into the form that it needs, so that any of them can run alone.
package e2e

import (
	"testing"
)

func TestCluster(t *testing.T) {
	createNamespaces(t)
	for _, chapter := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"Install", testInstall},
		{"PodSecurity", testPodSecurity},
		{"UploadThroughTheService", testUpload},
		{"HelmTest", testHelmTest},
		{"KilledContainersBesideEachOther", testKilledBesideEachOther},
		{"ScaleByHand", testScaleByHand},
		{"Probes", testProbes},
		{"WorkerThatDrains", testDrain},
		{"RedisDeletedAndBack", testRedis},
		{"ParserAwayAndBack", testParserAway},
		{"RollingUpgradeAndRollback", testRolling},
		{"KilledWorkers", testKilledWorkers},
		{"BusyWorkersSpared", testBusyWorkersSpared},
		{"HandOver", testHandOver},
		{"EvictionGuard", testEvictionGuard},
		{"Autoscaling", testAutoscaling},
		{"PushScaling", testPush},
		{"Canary", testCanary},
		{"WithoutKEDA", testWithoutKEDA},
		{"RestoreDrill", testRestoreDrill},
		{"ImageUpdates", testImages},
		{"UpgradeFromPublished", testUpgradeFromPublished},
		{"Uninstall", testUninstall},
	} {
		t.Run(chapter.name, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					printDiagnosis(t)
				}
			}()
			chapter.run(t)
		})
	}
}

// createNamespaces creates the namespace of the release, which admits only restricted pods, and that of the tools.
func createNamespaces(t *testing.T) {
	t.Helper()
	applyManifest(t, `
apiVersion: v1
kind: Namespace
metadata: {name: ${namespace}, labels: {pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/warn: restricted}}
---
apiVersion: v1
kind: Namespace
metadata: {name: ${toolsNamespace}, labels: {pod-security.kubernetes.io/enforce: privileged}}
`, map[string]string{"namespace": namespace, "toolsNamespace": toolsNamespace})
}

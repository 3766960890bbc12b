package main

import (
	"strings"
	"testing"
)

const restricted = `kind: Deployment
metadata: {name: a}
spec:
  template:
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers: [{name: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]
`

func TestCheck(t *testing.T) {
	t.Parallel()
	if pods, faults := check([]byte("kind: Service\n---\n" + restricted)); pods != 1 || len(faults) != 0 {
		t.Errorf("%d pods, faults %q", pods, faults)
	}
	job := "kind: CronJob\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec: {containers: [{name: a}]}\n"
	if pods, faults := check([]byte(job)); pods != 1 || len(faults) != 1 {
		t.Errorf("a CronJob: %d pods, faults %q, want one of each", pods, faults)
	}
	for _, line := range []string{"runAsNonRoot: true, ", "allowPrivilegeEscalation: false, ", "seccompProfile: {type: RuntimeDefault}"} {
		if _, faults := check([]byte(strings.Replace(restricted, line, "", 1))); len(faults) != 1 {
			t.Errorf("without %s: %q", line, faults)
		}
	}
	if _, faults := check([]byte("kind: Pod\nmetadata: {name: b}\nspec: {containers: [{name: b}]}\n")); len(faults) != 1 {
		t.Errorf("a bare pod: %q", faults)
	}
}

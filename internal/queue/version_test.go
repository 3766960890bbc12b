package queue

import (
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"
)

func TestCheckModules(t *testing.T) {
	t.Parallel()
	module := func(path, version string, replaced bool) *debug.Module {
		m := &debug.Module{Path: path, Version: version}
		if replaced {
			m.Replace = &debug.Module{Path: "./fork"}
		}
		return m
	}
	for _, c := range []struct {
		module *debug.Module
		ok     bool
	}{
		{module(asynqModule, asynqVersion, false), true},
		{module(asynqModule, "v0.27.0", false), false},
		{module(asynqModule, asynqVersion, true), false},
		{module("example.org/other", "v1.0.0", false), true},
	} {
		if err := checkModules([]*debug.Module{c.module}); (err == nil) != c.ok {
			t.Errorf("%+v: got %v, want accepted %v", c.module, err, c.ok)
		}
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}", asynqModule).Output()
	if got := strings.TrimSpace(string(out)); err != nil || got != asynqVersion {
		t.Errorf("the module requires asynq %s, %v; this package is made for %s", got, err, asynqVersion)
	}
}

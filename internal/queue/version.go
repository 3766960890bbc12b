package queue

import (
	"fmt"
	"runtime/debug"
)

// The guard and package liveness change asynq's data and were written for this version of it.
const (
	asynqModule  = "github.com/hibiken/asynq"
	asynqVersion = "v0.26.0"
)

// checkVersion refuses to run with another asynq, whose scripts may differ. A test binary has no list of modules and
// passes; a test compares go.mod instead.
func checkVersion() error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	return checkModules(info.Deps)
}

func checkModules(linked []*debug.Module) error {
	for _, m := range linked {
		if m.Path == asynqModule && (m.Version != asynqVersion || m.Replace != nil) {
			return fmt.Errorf("queue: linked with asynq %s, made for %s: build with that version, or read the changes of"+
				" internal/rdb and processor.go between the two, adapt internal/queue and change asynqVersion",
				m.Version, asynqVersion)
		}
	}
	return nil
}

// Command release writes the files of a release from what was built, for hack/release.sh:
//
//	release image -dockerfile FILE -arg NAME=VALUE... -created TIME -o FOLDER PLATFORM=ROOT...
//	release sbom -name NAME -version VERSION -created TIME -o FILE PROGRAM...
//	release provenance -revision REVISION -repository URL -builder URL -created TIME -o FILE
//	release chart -chart FOLDER -changelog FILE -image NAME -digest DIGEST -o FOLDER
//
// The files depend on the arguments alone: the same revision, built twice with one toolchain, has the same digests.
package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

func main() {
	if err := runCommand(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func runCommand(args []string) error {
	commands := map[string]func(*flag.FlagSet, []string) error{
		"image": runImage, "sbom": runSBOM, "provenance": runProvenance, "chart": runChart,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		return fmt.Errorf("the first argument is one of %s", strings.Join(slices.Sorted(maps.Keys(commands)), ", "))
	}
	return commands[args[0]](flag.NewFlagSet(args[0], flag.ExitOnError), args[1:])
}

// timeFlag is a flag that holds an RFC 3339 time.
func timeFlag(flags *flag.FlagSet) *time.Time {
	var value time.Time
	flags.Func("created", "RFC 3339 time of the revision", func(s string) (err error) {
		value, err = time.Parse(time.RFC3339, s)
		value = value.UTC()
		return err
	})
	return &value
}

// requireFlags refuses a call that leaves a flag out: each of them is part of the output.
func requireFlags(flags *flag.FlagSet) error {
	set := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { set[f.Name] = true })
	var missing error
	flags.VisitAll(func(f *flag.Flag) {
		if !set[f.Name] {
			missing = errors.Join(missing, fmt.Errorf("-%s is missing", f.Name))
		}
	})
	return missing
}

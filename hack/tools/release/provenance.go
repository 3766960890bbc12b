package main

import (
	"flag"
	"runtime"
	"time"
)

// provenance is the predicate https://slsa.dev/provenance/v1. cosign attest adds the subject.
type provenance struct {
	BuildDefinition buildDefinition `json:"buildDefinition"`
	RunDetails      runDetails      `json:"runDetails"`
}

type buildDefinition struct {
	BuildType            string            `json:"buildType"`
	ExternalParameters   map[string]string `json:"externalParameters"`
	ResolvedDependencies []dependency      `json:"resolvedDependencies"`
}

type dependency struct {
	URI    string            `json:"uri"`
	Digest map[string]string `json:"digest,omitempty"`
}

type runDetails struct {
	Builder  builder  `json:"builder"`
	Metadata metadata `json:"metadata"`
}

type builder struct {
	ID string `json:"id"`
}

type metadata struct {
	InvocationID string    `json:"invocationId,omitempty"`
	StartedOn    time.Time `json:"startedOn"`
}

func runProvenance(flags *flag.FlagSet, args []string) error {
	revision, repository := flags.String("revision", "", "commit"), flags.String("repository", "", "address of the repository")
	builderID, out := flags.String("builder", "", "URL of the builder"), flags.String("o", "", "the predicate's file")
	created := timeFlag(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := requireFlags(flags); err != nil {
		return err
	}
	return writeJSON(*out, describeBuild(*repository, *revision, *builderID, *created))
}

// describeBuild returns the provenance of a build of a revision by hack/release.sh.
func describeBuild(repository, revision, builderID string, created time.Time) provenance {
	return provenance{
		BuildDefinition: buildDefinition{
			BuildType:          repository + "/blob/main/docs/release.md",
			ExternalParameters: map[string]string{"repository": repository, "script": "hack/release.sh"},
			ResolvedDependencies: []dependency{
				{URI: "git+" + repository, Digest: map[string]string{"gitCommit": revision}},
				{URI: "pkg:golang/toolchain@" + runtime.Version()},
			},
		},
		RunDetails: runDetails{Builder: builder{ID: builderID}, Metadata: metadata{StartedOn: created}},
	}
}

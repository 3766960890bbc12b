package main

import (
	"debug/buildinfo"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"
)

func runSBOM(flags *flag.FlagSet, args []string) error {
	name, version := flags.String("name", "", "name of the product"), flags.String("version", "", "its version")
	created, out := timeFlag(flags), flags.String("o", "", "the SPDX file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := requireFlags(flags); err != nil {
		return err
	}
	document, err := describePrograms(*name, *version, *created, flags.Args())
	if err != nil {
		return err
	}
	return writeJSON(*out, document)
}

// describePrograms returns the SPDX document of a product: its programs, and the Go modules that the linker put into
// each, as the programs themselves list them.
func describePrograms(name, version string, created time.Time, programs []string) (*spdx.Document, error) {
	if len(programs) == 0 {
		return nil, fmt.Errorf("there is no program")
	}
	product := newPackage("product", name, version)
	product.PrimaryPackagePurpose, product.PackageLicenseDeclared = "CONTAINER", "Apache-2.0"
	document := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT", DocumentName: name + "-" + version,
		DocumentNamespace: "https://github.com/trackmydegree/trackmydegree/releases/" + url.PathEscape(version) + "/" + url.PathEscape(name),
		CreationInfo: &spdx.CreationInfo{Created: created.Format(time.RFC3339), Creators: []common.Creator{
			{CreatorType: "Tool", Creator: "hack/tools/release"}, {CreatorType: "Organization", Creator: "TrackMyDegree"},
		}},
		Packages:      []*spdx.Package{product},
		Relationships: []*spdx.Relationship{relate("DOCUMENT", "DESCRIBES", "product")},
	}
	modules := map[string]*debug.Module{}
	for _, file := range programs {
		info, err := buildinfo.ReadFile(file)
		if err != nil {
			return nil, err
		}
		program := newPackage("program-"+filepath.Base(file), filepath.Base(file), version)
		program.PrimaryPackagePurpose = "APPLICATION"
		document.Packages = append(document.Packages, program)
		document.Relationships = append(document.Relationships, relate("product", "CONTAINS", string(program.PackageSPDXIdentifier)))
		toolchain := &debug.Module{Path: "stdlib", Version: strings.TrimPrefix(info.GoVersion, "go")}
		for _, module := range append(info.Deps, toolchain) {
			if module.Replace != nil {
				module = module.Replace
			}
			id := identifyModule(module)
			modules[id] = module
			document.Relationships = append(document.Relationships, relate(string(program.PackageSPDXIdentifier), "STATIC_LINK", id))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(modules)) {
		document.Packages = append(document.Packages, describeModule(id, modules[id]))
	}
	return document, nil
}

func describeModule(id string, module *debug.Module) *spdx.Package {
	p := newPackage(id, module.Path, module.Version)
	p.PrimaryPackagePurpose = "LIBRARY"
	p.PackageExternalReferences = []*spdx.PackageExternalReference{{
		Category: "PACKAGE-MANAGER", RefType: "purl", Locator: "pkg:golang/" + module.Path + "@" + url.PathEscape(module.Version),
	}}
	if module.Sum != "" {
		p.PackageComment = "go.sum: " + module.Sum
	}
	return p
}

func newPackage(id, name, version string) *spdx.Package {
	return &spdx.Package{
		PackageSPDXIdentifier: common.ElementID(id), PackageName: name, PackageVersion: version,
		PackageDownloadLocation: "NOASSERTION", PackageLicenseConcluded: "NOASSERTION", PackageLicenseDeclared: "NOASSERTION",
		PackageCopyrightText: "NOASSERTION",
	}
}

// identifyModule returns an SPDX id, in which only letters, digits, dots and hyphens may stand.
func identifyModule(module *debug.Module) string {
	return "module-" + strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return '-'
	}, module.Path+"-"+module.Version)
}

func relate(from, kind, to string) *spdx.Relationship {
	return &spdx.Relationship{
		RefA: common.MakeDocElementID("", from), Relationship: kind, RefB: common.MakeDocElementID("", to),
	}
}

func writeJSON(file string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

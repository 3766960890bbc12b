// Package cataloguetest gives tests the catalogue of the binary, indexed once for all tests of a program.
package cataloguetest

import (
	"sync"

	"github.com/trackmydegree/trackmydegree/internal/catalogue"
)

// EmbeddedData returns the facts of the binary. Each call returns a copy of its own, which the test may change. It
// panics when the facts do not load, because then no test of the program can run.
func EmbeddedData() catalogue.Data { return must(catalogue.LoadEmbedded()) }

// Embedded returns the catalogue of the binary. Tests share it and do not change it.
var Embedded = sync.OnceValue(func() *catalogue.Catalogue { return must(catalogue.New(EmbeddedData())) })

// EmbeddedEditions returns the same catalogue as the only edition.
var EmbeddedEditions = sync.OnceValue(func() *catalogue.Editions { return must(catalogue.JoinEditions(Embedded())) })

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

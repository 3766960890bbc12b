// Package dependency is the check that every constructor makes of its Deps: a missing one is an error that names it,
// at the start of the process and not at the first use.
package dependency

import (
	"fmt"
	"reflect"
)

// Require returns an error that names the first of the fields of deps, a struct, whose value is the zero value of its
// type: a nil interface, pointer or function, or an empty string. The names are written in the source: one that deps
// does not have panics.
func Require(component string, deps any, names ...string) error {
	fields := reflect.ValueOf(deps)
	for _, name := range names {
		field := fields.FieldByName(name)
		if !field.IsValid() {
			panic(fmt.Sprintf("dependency: %T has no field %s", deps, name))
		}
		if field.IsZero() {
			return fmt.Errorf("%s: %s is missing", component, name)
		}
	}
	return nil
}

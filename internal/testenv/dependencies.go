package testenv

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// CheckDependencies checks that build refuses complete without any one of its dependencies, by name, and accepts it
// without each of the optional ones. The dependencies are the fields of type interface, function, pointer, slice and
// string.
func CheckDependencies[D, T any](t *testing.T, complete D, build func(D) (T, error), optional ...string) {
	t.Helper()
	for i := range reflect.TypeFor[D]().NumField() {
		d := complete
		fields := reflect.ValueOf(&d).Elem()
		// A registry takes the metrics of one build.
		if r := fields.FieldByName("Registerer"); r.IsValid() {
			r.Set(reflect.ValueOf(prometheus.NewRegistry()))
		}
		field, name := fields.Field(i), fields.Type().Field(i).Name
		switch field.Kind() {
		case reflect.Interface, reflect.Func, reflect.Pointer, reflect.Slice, reflect.String:
		default:
			continue
		}
		t.Run(name, func(t *testing.T) {
			required := !slices.Contains(optional, name)
			if required && field.IsZero() {
				t.Fatal("the complete dependencies lack it")
			}
			field.SetZero()
			_, err := build(d)
			if required && (err == nil || !strings.Contains(err.Error(), name+" is missing")) {
				t.Errorf("got %v, want an error that names it", err)
			}
			if !required && err != nil {
				t.Errorf("got %v, want none: it is optional", err)
			}
		})
	}
}

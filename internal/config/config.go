// Package config reads the settings of a role from the environment, strictly: a missing, malformed or unknown
// variable stops the start, and all faults are reported at once. Each role requires only what it uses.
//
// A secret NAME may also be given as NAME_FILE, the path of a file that holds it. An empty variable counts as not set.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Settings is the settings struct of a role, as listed by Roles.
type Settings interface {
	// defaultValues are the role's own defaults, where they differ from those of the tags or depend on the machine.
	defaultValues(environ map[string]string) map[string]string
	checkValues(f *Faults)
}

// Setting is the effective value of one variable, in a form that may be shown.
type Setting struct {
	Name   string
	Value  string // secrets hidden
	Source string // "environment", "default", the path of a file, or the variables from which it was built
}

// Check validates the value of one setting by the rules of a package that this one cannot import.
type Check struct {
	Name string // of the setting
	// Validate returns what is wrong with a value and what to change, without the name and without secrets.
	Validate func(value string) error
}

// Load fills into from environ, which has the form of os.Environ. A check runs when the role has its setting, the
// setting has a value and no other fault. The error is Faults.
func Load(into Settings, environ []string, checks ...Check) error {
	_, err := Describe(into, environ, checks...)
	return err
}

// Describe is Load, and also returns the effective value and the source of each setting. The settings are complete
// even when there are faults.
func Describe(into Settings, environ []string, checks ...Check) ([]Setting, error) {
	faults := &Faults{}
	fields := fieldsOf(into)
	known := newEnvironment(environ, fields, faults)
	known.makeRedisURLs(fields, faults)
	known.setDefaults(into.defaultValues(known.values))

	err := env.ParseWithOptions(into, env.Options{Environment: known.values})
	var all env.AggregateError
	if errors.As(err, &all) {
		for _, one := range all.Errors {
			faults.addFault(toFault(one, fields, known.values))
		}
	} else if err != nil {
		return nil, err
	}
	into.checkValues(faults)
	faults.runChecks(checks, fields, known.values)
	faults.nameGivenSettings(known.nameOfGiven)
	for _, f := range fields {
		if address, ok := f.value.Addr().Interface().(*SecretURL); ok {
			address.setting = known.nameOfGiven(f.name)
		}
	}

	settings := make([]Setting, len(fields))
	for i, f := range fields {
		settings[i] = Setting{Name: f.name, Value: showValue(f.value), Source: known.sourceOf(f.name)}
	}
	if len(*faults) > 0 {
		return settings, *faults
	}
	return settings, nil
}

// field is one variable of a role.
type field struct {
	name     string // of the variable
	goName   string
	help     string
	fallback string // the default of the tag, or a description of one that depends on the machine
	secret   bool
	value    reflect.Value
}

// fieldsOf lists the variables of a role in the order of its struct.
func fieldsOf(s Settings) []field {
	var fields []field
	v := reflect.ValueOf(s).Elem()
	for _, sf := range reflect.VisibleFields(v.Type()) {
		name, ok := sf.Tag.Lookup("env")
		if !ok {
			continue
		}
		fallback := sf.Tag.Get("envDefault")
		if fallback == "" {
			fallback = sf.Tag.Get("default")
		}
		fields = append(fields, field{
			name: name, goName: sf.Name, help: sf.Tag.Get("help"), fallback: fallback,
			secret: sf.Type == reflect.TypeFor[Secret]() || sf.Type == reflect.TypeFor[SecretURL](),
			value:  v.FieldByIndex(sf.Index),
		})
	}
	return fields
}

// toFault turns an error of the reader into a fault: name and sentence.
func toFault(err error, fields []field, values map[string]string) (name, format string, sentence string) {
	var parse env.ParseError
	if !errors.As(err, &parse) {
		return "environment", "%s", err.Error()
	}
	i := slices.IndexFunc(fields, func(f field) bool { return f.goName == parse.Name })
	if i < 0 {
		return parse.Name, "%s", err.Error()
	}
	f := fields[i]
	remedy := parse.Err.Error()
	switch f.value.Interface().(type) {
	case int:
		remedy = "give a whole number"
	case bool:
		remedy = "give true or false"
	case slog.Level:
		remedy = "give debug, info, warn or error"
	case float64:
		remedy = "give a number"
	case time.Duration:
		remedy = "give a duration such as 10s or 5m"
	}
	// An address may contain a password, also where none is allowed.
	if _, address := f.value.Interface().(WebURL); f.secret || address {
		return f.name, "is malformed: %s", remedy
	}
	return f.name, "%s", fmt.Sprintf("is %q: %s", values[f.name], remedy)
}

// showValue formats a value as an operator would write it. Secrets hide themselves.
func showValue(v reflect.Value) string {
	if list, ok := v.Interface().([]string); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(v.Interface())
}

package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

// Fault is a missing or invalid setting.
type Fault struct {
	Name     string // the variable
	Sentence string // what is wrong and what to change, without the name
}

func (f Fault) String() string {
	if strings.HasSuffix(f.Sentence, "?") {
		return f.Name + " " + f.Sentence
	}
	return f.Name + " " + f.Sentence + "."
}

// Faults are all faults of the settings of a process, in the order in which they were found.
type Faults []Fault

func (f Faults) Error() string {
	var b strings.Builder
	if len(f) == 1 {
		b.WriteString("a setting is wrong:")
	} else {
		fmt.Fprintf(&b, "%d settings are wrong:", len(f))
	}
	for _, one := range f {
		b.WriteString("\n  " + one.String())
	}
	return b.String()
}

// hasFault reports whether the setting has a fault already: each gets one sentence.
func (f Faults) hasFault(name string) bool {
	for _, one := range f {
		if one.Name == name {
			return true
		}
	}
	return false
}

func (f *Faults) addFault(name, format string, args ...any) {
	if !f.hasFault(name) {
		*f = append(*f, Fault{Name: name, Sentence: fmt.Sprintf(format, args...)})
	}
}

func (f *Faults) checkDuration(name string, v, least, most time.Duration) {
	if v < least || v > most {
		f.addFault(name, "is %v: give a duration from %v to %v", v, least, most)
	}
}

func (f *Faults) checkNumber(name string, v, least, most int) {
	if v < least || v > most {
		f.addFault(name, "is %d: give a number from %d to %d", v, least, most)
	}
}

func (f *Faults) checkRedisURL(name string, u SecretURL) {
	var parameter *redisurl.ParameterError
	switch err := redisurl.Validate(u.Reveal()); {
	case f.hasFault(name):
	case u.Empty():
		f.addFault(name, "is missing: set it to redis://host:6379/%d, or set REDIS_HOST", database[name])
	case errors.As(err, &parameter):
		f.addFault(name, "%s", parameter.DescribeProblem())
	case errors.Is(err, redisurl.ErrNoPassword):
		f.addFault(name, "names a user and no password: write redis://user:password@host:6379/%d, or redis://:password@host:6379/%[1]d for the password of the server", database[name])
	case err != nil: // the text of err may contain a part of the password
		f.addFault(name, "is no Redis address: write redis://user:password@host:6379/%d, the password percent-encoded", database[name])
	}
}

// runChecks adds the faults that the rules of other packages find.
func (f *Faults) runChecks(checks []Check, fields []field, values map[string]string) {
	for _, c := range checks {
		value := values[c.Name]
		reads := slices.ContainsFunc(fields, func(one field) bool { return one.name == c.Name })
		if !reads || value == "" || f.hasFault(c.Name) {
			continue
		}
		if err := c.Validate(value); err != nil {
			f.addFault(c.Name, "%v", err)
		}
	}
}

// checkKeyPair reads a certificate and its key from files.
func (f *Faults) checkKeyPair(certName, cert, keyName, key string) {
	if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
		f.addFault(certName, "cannot be used together with %s: %v", keyName, err)
	}
}

// nameGivenSettings renames the faults of values that come from another variable: an operator looks for the variable
// that was set. Each variable keeps its first fault.
func (f *Faults) nameGivenSettings(nameOfGiven func(name string) string) {
	var renamed Faults
	for _, one := range *f {
		renamed.addFault(nameOfGiven(one.Name), "%s", one.Sentence)
	}
	*f = renamed
}

// Names lists the variables without their values, for error reports.
func (f Faults) Names() string {
	names := make([]string, len(f))
	for i, one := range f {
		names[i] = one.Name
	}
	return strings.Join(names, ", ")
}

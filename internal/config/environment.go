package config

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// maxSecretFile bounds the file of a NAME_FILE, in bytes, so that a wrong path cannot fill the memory.
const maxSecretFile = 64 << 10

// environment is the variables of the process and the contents of secret files, with the source of each value.
type environment struct {
	values  map[string]string
	sources map[string]string
}

func newEnvironment(environ []string, fields []field, faults *Faults) environment {
	e := environment{values: map[string]string{}, sources: map[string]string{}}
	for _, pair := range environ {
		if name, value, _ := strings.Cut(pair, "="); value != "" {
			e.values[name] = value
		}
	}
	e.refuseUnknown(faults)
	for _, f := range fields {
		if f.secret {
			e.readFile(f.name, faults)
		}
		e.refuseMargins(f.name, faults)
	}
	return e
}

// refuseMargins adds a fault for a value in quotation marks, which a file of variables for another tool contains, and
// for one with white space at its start or end, as a Secret that was made from a file has. Both are part of the value.
func (e environment) refuseMargins(name string, faults *Faults) {
	value := e.values[name]
	switch {
	case strings.TrimSpace(value) != value:
		faults.addFault(name, "begins or ends with a space or a line break: remove it")
	case len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0]:
		faults.addFault(name, "is in quotation marks, which are a part of the value: remove them")
	}
}

func (e environment) sourceOf(name string) string {
	if s, ok := e.sources[name]; ok {
		return s
	}
	if _, ok := e.values[name]; ok {
		return "environment"
	}
	return "default"
}

// nameOfGiven returns the variable that an operator set to give the value of a setting.
func (e environment) nameOfGiven(name string) string {
	switch file := e.values[name+"_FILE"]; {
	case e.sources[name] == fromRedisHost:
		return "REDIS_HOST"
	case file != "" && e.sources[name] == file:
		return name + "_FILE"
	}
	return name
}

// readFile sets a secret from the file that NAME_FILE names.
func (e environment) readFile(name string, faults *Faults) {
	path, ok := e.values[name+"_FILE"]
	if !ok {
		return
	}
	if _, both := e.values[name]; both {
		faults.addFault(name+"_FILE", "is set together with %s: keep one of the two", name)
		return
	}
	value, err := readSecret(path)
	if err != nil {
		faults.addFault(name+"_FILE", "cannot be read: %v", err)
		// The secret has its fault; a second one about the missing value would mislead.
		faults.addFault(name, "has no value: %s_FILE cannot be read", name)
		return
	}
	e.values[name] = value
	e.sources[name] = path
}

func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	switch {
	case err != nil:
		return "", err
	case len(b) > maxSecretFile:
		return "", fmt.Errorf("%s holds more than 64 KiB", path)
	}
	value := strings.TrimRight(string(b), "\r\n")
	if value == "" {
		return "", errors.New(path + " is empty")
	}
	return value, nil
}

// database is the number of the database behind each of the two addresses of Redis.
var database = map[string]int{"REDIS_CACHE_URL": 0, "REDIS_JOB_URL": 1}

// fromRedisHost is the source of an address that makeRedisURLs built.
const fromRedisHost = "made from REDIS_HOST and REDIS_PORT"

// hostName matches the name of a host, without a scheme, a port or a user.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$`)

// makeRedisURLs builds the addresses that are not set from REDIS_HOST and REDIS_PORT, for a role that has both.
func (e environment) makeRedisURLs(fields []field, faults *Faults) {
	host := e.values["REDIS_HOST"]
	reads := func(name string) bool {
		return slices.ContainsFunc(fields, func(f field) bool { return f.name == name })
	}
	if host == "" || !reads("REDIS_HOST") {
		return
	}
	if _, err := netip.ParseAddr(host); err != nil && !hostName.MatchString(host) {
		// The value is not repeated: an address may contain a password.
		faults.addFault("REDIS_HOST", "is no name of a host: give it without scheme, port and user, or set REDIS_JOB_URL and REDIS_CACHE_URL")
	}
	port := e.values["REDIS_PORT"]
	if port == "" {
		port = "6379"
	}
	if port == "0" {
		faults.addFault("REDIS_PORT", "is 0: give the port of the server, which usually is 6379")
		port = "6379" // one sentence is enough
	}
	for name := range database {
		if _, ok := e.values[name]; !ok && reads(name) {
			e.values[name] = makeRedisURL(host, port, name)
			e.sources[name] = fromRedisHost
		}
	}
}

// makeRedisURL returns the address that the setting name has on a server.
func makeRedisURL(host, port, name string) string {
	return fmt.Sprintf("redis://%s/%d", net.JoinHostPort(host, port), database[name])
}

func (e environment) setDefaults(defaults map[string]string) {
	for name, value := range defaults {
		if _, ok := e.values[name]; !ok {
			e.values[name] = value
			e.sources[name] = "default"
		}
	}
}

// serviceLink matches what Kubernetes sets in every pod for a Service whose name starts with tmd.
var serviceLink = regexp.MustCompile(`_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$`)

// refuseUnknown adds a fault for every TMD_ variable that no role reads: a misspelt setting must not silently use its
// default.
func (e environment) refuseUnknown(faults *Faults) {
	known := settingNames()
	var unknown []string
	for name := range e.values {
		if strings.HasPrefix(name, "TMD_") && !slices.Contains(known, name) && !serviceLink.MatchString(name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		faults.addFault(name, "is not a setting: did you mean %s?", nearestName(name, known))
	}
}

// settingNames lists every variable of every role, those of files included.
func settingNames() []string {
	var all []string
	for _, r := range Roles() {
		for _, f := range fieldsOf(r.New()) {
			all = append(all, f.name)
			if f.secret {
				all = append(all, f.name+"_FILE")
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// nearestName returns the known name with the smallest edit distance.
func nearestName(name string, known []string) string {
	best, least := "", len(name)+1
	for _, k := range known {
		if d := levenshtein.ComputeDistance(name, k); best == "" || d < least {
			best, least = k, d
		}
	}
	return best
}

package health

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/trackmydegree/trackmydegree/internal/fault"
)

// Status is the state of a process or of a dependency.
type Status string

// The states. A process is ok, degraded, down or draining; a dependency is ok, down or unknown.
const (
	StatusOK       Status = "ok"
	StatusDegraded Status = "degraded" // works, without a dependency
	StatusDown     Status = "down"     // does not work
	StatusDraining Status = "draining" // takes no work: not started yet, or ending
	StatusUnknown  Status = "unknown"  // not checked yet
)

// Report is the JSON answer of every health route of every role.
type Report struct {
	Status Status `json:"status"`
	// Error is a sentence for people about the process itself.
	Error string `json:"error,omitempty"`
	// RunningJobs is the number of jobs that a worker runs now.
	RunningJobs *int `json:"runningJobs,omitempty"`
	// Dependencies is absent for a process that has none.
	Dependencies []DependencyState `json:"dependencies,omitzero"`
}

// DependencyState is one dependency in a Report. It never says why the dependency is down: that is in the log.
type DependencyState struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Needed bool   `json:"needed"`
}

// IsUp reports whether the process works, perhaps degraded.
func (r Report) IsUp() bool { return r.Status == StatusOK || r.Status == StatusDegraded }

func (r Report) withError(err error) Report {
	r.Error = fault.From(err).Message()
	return r
}

// retryAfter is the Retry-After of a process that is not up, in seconds: about the duration of a store's failover.
const retryAfter = 5

// writeResponse answers with 200 for a process that is up, else 503.
func (r Report) writeResponse(w http.ResponseWriter) {
	body, err := json.Marshal(r)
	if err != nil { // strings, numbers and booleans always marshal
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	status := http.StatusOK
	if !r.IsUp() {
		status = http.StatusServiceUnavailable
		h.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that left needs no answer
}

// ServeLiveness answers GET /livez with 200 while the process answers at all. Otherwise the kubelet restarts it.
func (m *Monitor) ServeLiveness(w http.ResponseWriter, _ *http.Request) {
	m.LivenessReport().writeResponse(w)
}

// ServeReadiness answers GET /readyz, which the kubelet and load balancers call: 200 while the process takes work,
// else 503.
func (m *Monitor) ServeReadiness(w http.ResponseWriter, r *http.Request) {
	m.ReadinessReport(r.Context()).writeResponse(w)
}

// ServeHealth answers GET /health: the state of each dependency, for people. A process that drains still answers.
func (m *Monitor) ServeHealth(w http.ResponseWriter, r *http.Request) {
	m.DependencyReport(r.Context()).writeResponse(w)
}

// RegisterRoutes adds /livez, /readyz and /health to mux.
func (m *Monitor) RegisterRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", m.ServeLiveness)
	mux.HandleFunc("GET /readyz", m.ServeReadiness)
	mux.HandleFunc("GET /health", m.ServeHealth)
}

package telemetry

import (
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// newRegistry holds what every process measures: the Go runtime, the process, and tmd_build_info{role,version,go} = 1.
func newRegistry(o Options) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), BuildInfo(o.Role, o.Version))
	return reg
}

// BuildInfo is tmd_build_info, for a registry that is not made here.
func BuildInfo(role, version string) prometheus.Collector {
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "tmd_build_info", Help: "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"role": role, "version": version, "go": runtime.Version()},
	})
	build.Set(1)
	return build
}

// Build is what /version answers.
type Build struct {
	Role    string `json:"role"`
	Version string `json:"version"`
	Go      string `json:"go"`
}

// DebugHandler serves what operators look at, on a port that is not the public one:
//
//	GET /metrics        Prometheus scrapes it
//	GET /version        what runs, for people
//	GET /debug/pprof/…  profiles, for people, only when profiling is on
func DebugHandler(reg *prometheus.Registry, role, version string, profiling bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{Registry: reg}))
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(Build{Role: role, Version: version, Go: runtime.Version()})
	})
	if profiling {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

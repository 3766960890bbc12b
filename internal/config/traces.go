package config

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// Traces configures the traces of the roles that take part in a job. The names are OpenTelemetry's where it has one.
type Traces struct {
	Endpoint   WebURL  `env:"OTEL_EXPORTER_OTLP_ENDPOINT" help:"The OpenTelemetry collector that receives traces by OTLP over HTTP, such as http://collector:4318. Without it nothing is traced."`
	HeaderList Secret  `env:"OTEL_EXPORTER_OTLP_HEADERS" help:"Headers of the requests to the collector, as name=value, separated by commas; values are percent-encoded."`
	Ratio      float64 `env:"TMD_TRACE_RATIO" envDefault:"1" help:"The part of the traces that is recorded, from 0 to 1. A job is recorded whole or not at all."`
}

func (t *Traces) checkValues(f *Faults) {
	if !(t.Ratio >= 0 && t.Ratio <= 1) { // nor NaN
		f.addFault("TMD_TRACE_RATIO", "is %v: give a number from 0 to 1", t.Ratio)
	}
	if t.Endpoint == "" {
		return
	}
	switch u, err := url.Parse(string(t.Endpoint)); {
	case err != nil:
	case u.Port() == "4317":
		f.addFault("OTEL_EXPORTER_OTLP_ENDPOINT", "has port 4317, which is that of OTLP over gRPC: give the port of OTLP over HTTP, which usually is 4318")
	case strings.HasSuffix(u.Path, "/v1/traces") || u.RawQuery != "" || u.Fragment != "":
		f.addFault("OTEL_EXPORTER_OTLP_ENDPOINT", "is more than the base of the address: end it before /v1/traces, which is added")
	}
	if _, err := t.Headers(); err != nil {
		f.addFault("OTEL_EXPORTER_OTLP_HEADERS", "cannot be read: give name=value, separated by commas, with percent-encoded values")
	}
}

var errHeaders = errors.New("OTEL_EXPORTER_OTLP_HEADERS cannot be read")

// Headers returns the headers of the requests to the collector. Its error does not contain them.
func (t *Traces) Headers() (map[string]string, error) {
	headers := map[string]string{}
	for pair := range strings.SplitSeq(t.HeaderList.Reveal(), ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		text, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil || name == "" || strings.ContainsAny(name, " \t\r\n:") || strings.ContainsAny(text, "\r\n\x00") {
			return nil, errHeaders
		}
		headers[http.CanonicalHeaderKey(name)] = text
	}
	return headers, nil
}

package outages_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// A failing parser prevents no upload: it is accepted, waits, and is done when the parser is back.
func TestParser(t *testing.T) {
	t.Parallel()
	port := testenv.FreePort(t)
	parser := startRole(t, "parser", port, "TMD_PARSER_PORT="+strconv.Itoa(port), "TMD_PARSER_CHILDREN=1")
	well := strings.TrimPrefix(parser.Base, "http://")
	w := newWorld(t, parser.Base, nil)
	w.waitForState(t, w.requireStatus(t, 202, uploadRequest(t)).JobID, "done")

	rubbish := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "<html>welcome</html>")
	}))
	t.Cleanup(rubbish.Close)

	for _, outage := range []struct {
		what, course string
		goes, back   func()
		code         fault.Code
	}{
		{"the parser is gone", "COMP 248", w.toParser.closeLink, w.toParser.openLink, fault.ParserUnavailable},
		{
			"the parser answers after 10 s", "COMP 249", func() { w.toParser.setDelay(10 * time.Second) }, func() { w.toParser.setDelay(0) },
			fault.Timeout,
		},
		{
			"the parser answers rubbish", "COMP 232", func() { w.toParser.redirect(strings.TrimPrefix(rubbish.URL, "http://")) },
			func() { w.toParser.redirect(well) }, fault.ParserUnavailable,
		},
	} {
		outage.goes()
		w.checkDuring(t, outage.what, outage.course, "", nil)
		job := w.requireStatus(t, 202, uploadRequest(t)).JobID
		if a := w.waitForState(t, job, "retrying"); a.Error.Code != outage.code && a.Error.Code != fault.ParserUnavailable {
			t.Errorf("while %s the job is retried for %s, want %s", outage.what, a.Error.Code, outage.code)
		}
		outage.back()
		w.waitForState(t, job, "done")
		w.requireRecovery(t, outage.what)
	}
}

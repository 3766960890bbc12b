package app

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/document"
	"github.com/trackmydegree/trackmydegree/internal/parserapi"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

type brokenParser struct{}

func (brokenParser) Parse(context.Context, []byte) (document.Document, error) { panic("a bug") }

func TestAPanicOfTheParserIsReportedAndAnswered(t *testing.T) {
	t.Parallel()
	reports := make(chan string, 1)
	sentry := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		reports <- string(b)
	}))
	defer sentry.Close()
	tel, err := telemetry.New(telemetry.Options{Role: "parser", Version: "v1", Output: io.Discard, Process: config.Process{
		SentryDSN: config.NewSecretURL(strings.Replace(sentry.URL, "http://", "http://key@", 1) + "/7")}})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodPost, "/v1/parse", strings.NewReader("%PDF-1.7"))
	req.Header.Set("Content-Type", "application/pdf")
	handler := testenv.Must(parserapi.New(parserapi.Deps{Parser: panicReporter{brokenParser{}, tel.Reporter}, Logger: tel.Log}))
	handler.ServeHTTP(w, req)
	if w.Code != http.StatusInternalServerError {
		t.Errorf("answered %d", w.Code)
	}
	tel.Close(t.Context())
	if report := <-reports; !strings.Contains(report, `"role":"parser"`) || !strings.Contains(report, "brokenParser") {
		t.Error(report)
	}
}

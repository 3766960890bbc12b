package doctor

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

// goodTriggers are the triggers of the chart.
func goodTriggers() []trigger {
	var all []trigger
	for _, queue := range queuemodel.QueueNames() {
		for _, state := range []string{"pending", "active", "retry", "scheduled"} {
			all = append(all, trigger{Type: "redis", Metadata: map[string]string{
				"listName": queuemodel.QueueKey(queue, state), "address": "tmd-redis.degrees.svc:6379", "databaseIndex": "1",
			}})
		}
	}
	return all
}

// newObject returns the JSON of a ScaledObject.
func newObject(triggers []trigger, least, cooldown int, conditions string) string {
	text, err := json.Marshal(triggers)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"spec":{"minReplicaCount":%d,"cooldownPeriod":%d,"triggers":%s},"status":{"conditions":[%s]}}`, least, cooldown, text, conditions)
}

const ready = `{"type":"Ready","status":"True"}`

// startKubernetes serves one ScaledObject to the token "pod", and returns the settings and the folder of the account.
func startKubernetes(t *testing.T, status int, body string) (config.Doctor, string) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/apis/keda.sh/v1alpha1/namespaces/degrees/scaledobjects/tmd-worker" || r.Header.Get("Authorization") != "Bearer pod" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	folder := t.TempDir()
	for name, content := range map[string][]byte{
		"token": []byte("pod\n"), "namespace": []byte("degrees"),
		"ca.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	host, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "https://"), ":")
	var c config.Doctor
	err := config.Load(&c, []string{
		"REDIS_JOB_URL=redis://:hunter2@tmd-redis:6379/1", "MONGODB_URI=mongodb://m/x", "TMD_SCALED_OBJECT=tmd-worker",
		"KUBERNETES_SERVICE_HOST=" + host, "KUBERNETES_SERVICE_PORT=" + port,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, folder
}

func TestCheckKEDA(t *testing.T) {
	t.Parallel()
	change := func(name, value string) []trigger {
		all := goodTriggers()
		all[0].Metadata[name] = value
		return all
	}
	for name, tt := range map[string]struct {
		status               int
		body, problem, warns string
	}{
		"good":              {200, newObject(goodTriggers(), 0, 300, ready), "", ""},
		"pushed":            {200, newObject([]trigger{{Type: "external-push"}}, 0, 30, ready), "", ""},
		"no right":          {403, "", "grant it the verb get on scaledobjects", ""},
		"no object":         {404, "", "install KEDA", ""},
		"an outage":         {500, "", "answers 500", ""},
		"not ready":         {200, newObject(goodTriggers(), 1, 300, `{"type":"Ready","status":"False","reason":"ScaledObjectCheckFailed","message":"no auth"}`), "ScaledObjectCheckFailed: no auth", ""},
		"fallback":          {200, newObject(goodTriggers(), 1, 300, ready+`,{"type":"Fallback","status":"True"}`), "", "fallback number"},
		"paused":            {200, newObject(goodTriggers(), 1, 300, ready+`,{"type":"Paused","status":"True"}`), "", "KEDA is paused"},
		"no operator":       {200, newObject(goodTriggers(), 1, 300, ""), "", "keda-operator runs"},
		"a short cooldown":  {200, newObject(goodTriggers(), 0, 30, ready), "", "cooldownPeriod to 120"},
		"a key is missing":  {200, newObject(goodTriggers()[1:], 1, 300, ready), "no trigger reads asynq:{courseProcessor-high}:pending", ""},
		"a misspelt key":    {200, newObject(change("listName", "asynq:{courseprocessor}:pending"), 1, 300, ready), `reads "asynq:{courseprocessor}:pending"`, ""},
		"another server":    {200, newObject(change("address", "other:6379"), 1, 300, ready), "at other:6379, and the jobs are at tmd-redis:6379", ""},
		"another database":  {200, newObject(change("databaseIndex", "0"), 1, 300, ready), "reads the database 0", ""},
		"TLS":               {200, newObject(change("enableTLS", "true"), 1, 300, ready), "correct enableTLS", ""},
		"another master":    {200, newObject(change("sentinelMaster", "main"), 1, 300, ready), `the master "main"`, ""},
		"something unknown": {200, "<html>", "cannot be read", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, folder := startKubernetes(t, tt.status, tt.body)
			warnings := &warningHandler{}
			_, err := checkKEDA(t.Context(), c, folder, slog.New(warnings))
			if (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("got %v, want the problem %q", err, tt.problem)
			}
			if got := warnings.text(); (got == "") != (tt.warns == "") || !strings.Contains(got, tt.warns) {
				t.Errorf("got the warning %q, want %q", got, tt.warns)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the password is in %v", err)
			}
		})
	}
}

func TestCheckKEDAIsSkipped(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		settings config.Doctor
		want     string
	}{
		"no name":    {config.Doctor{KubernetesHost: "10.0.0.1"}, "TMD_SCALED_OBJECT"},
		"no cluster": {config.Doctor{ScaledObject: "tmd-worker"}, "no pod of Kubernetes"},
		"no token":   {config.Doctor{ScaledObject: "tmd-worker", KubernetesHost: "10.0.0.1"}, "no token"},
	} {
		_, err := checkKEDA(t.Context(), tt.settings, t.TempDir(), slog.New(slog.DiscardHandler))
		var skip *skipError
		if !errors.As(err, &skip) || !strings.Contains(skip.reason, tt.want) {
			t.Errorf("%s: got %v, want it skipped for %q", name, err, tt.want)
		}
	}
}

package config

import (
	"time"
	_ "time/tzdata" // for CRON_TZ: the image has no time zones

	"github.com/robfig/cron/v3"
)

// ImageUpdates configures the image updates of the controller.
type ImageUpdates struct {
	Images          bool          `env:"TMD_IMAGES" envDefault:"false" help:"Roll out new images of the release's tags, and roll back when their pods fail."`
	ImagesSchedule  string        `env:"TMD_IMAGES_SCHEDULE" envDefault:"0 4 * * *" help:"When to check for new images: a cron expression of five fields, in UTC. The prefix CRON_TZ=America/Toronto selects another zone."`
	ImagesDeadline  time.Duration `env:"TMD_IMAGES_DEADLINE" envDefault:"10m" help:"Time limit of the rollout of one component. After it the controller rolls back."`
	ImagesPlainHTTP []string      `env:"TMD_IMAGES_PLAIN_HTTP" help:"Registries, host:port, that are used without TLS, separated by commas. Those on loopback always are."`
	ReleaseSelector string        `env:"TMD_RELEASE_SELECTOR" help:"The labels of the release's Deployments, in the form of kubectl's --selector. Required by TMD_IMAGES."`
}

func (i *ImageUpdates) checkValues(f *Faults) {
	switch schedule, err := cron.ParseStandard(i.ImagesSchedule); {
	case err != nil:
		f.addFault("TMD_IMAGES_SCHEDULE", "is %q: give a cron expression of five fields, such as 0 4 * * *", i.ImagesSchedule)
	case schedule.Next(time.Now()).IsZero(): // the library searches five years, which contain a 29 February
		f.addFault("TMD_IMAGES_SCHEDULE", "is %q, which is no day of any year: give a day that its month has", i.ImagesSchedule)
	}
	// A run of four components, each rolled out and back, must end within the time in which it may start.
	f.checkDuration("TMD_IMAGES_DEADLINE", i.ImagesDeadline, time.Minute, 30*time.Minute)
	if i.Images && i.ReleaseSelector == "" {
		f.addFault("TMD_RELEASE_SELECTOR", "is missing: set it to the labels of the release's Deployments, such as app.kubernetes.io/instance=tmd")
	}
}

// PushScaler configures the controller's server for KEDA.
type PushScaler struct {
	ScalerAddr     Addr   `env:"TMD_SCALER_ADDR" envDefault:"off" help:"The address of KEDA's external-push scaler (gRPC), such as :9092, or off."`
	ScalerCert     string `env:"TMD_SCALER_TLS_CERT" help:"File of the scaler's certificate, PEM. Without one the connection is not encrypted. It is read again for each connection."`
	ScalerKey      string `env:"TMD_SCALER_TLS_KEY" help:"File of the certificate's key, PEM."`
	ScalerClientCA string `env:"TMD_SCALER_TLS_CLIENT_CA" help:"File of the certificate authority, PEM, that must have issued KEDA's certificate."`
}

func (s *PushScaler) checkValues(f *Faults) {
	switch {
	case s.ScalerCert != "" && s.ScalerKey == "":
		f.addFault("TMD_SCALER_TLS_KEY", "is missing: TMD_SCALER_TLS_CERT needs its key")
	case s.ScalerCert == "" && s.ScalerKey != "":
		f.addFault("TMD_SCALER_TLS_CERT", "is missing: TMD_SCALER_TLS_KEY is the key of a certificate")
	case s.ScalerCert == "" && s.ScalerClientCA != "":
		f.addFault("TMD_SCALER_TLS_CERT", "is missing: who asks for certificates needs one, too")
	case s.ScalerCert != "":
		f.checkKeyPair("TMD_SCALER_TLS_CERT", s.ScalerCert, "TMD_SCALER_TLS_KEY", s.ScalerKey)
	}
}

// ExternalMetrics configures the metric that a HorizontalPodAutoscaler reads without KEDA.
type ExternalMetrics struct {
	ExternalMetricsAddr   Addr   `env:"TMD_EXTERNAL_METRICS_ADDR" envDefault:"off" help:"Where the controller serves external.metrics.k8s.io for the API server, such as :6443, or off."`
	ExternalMetricsHost   string `env:"TMD_EXTERNAL_METRICS_HOST" help:"The name in the certificate: SERVICE.NAMESPACE.svc of the APIService's Service. Required by TMD_EXTERNAL_METRICS_ADDR."`
	ExternalMetricsSecret string `env:"TMD_EXTERNAL_METRICS_SECRET" envDefault:"tmd-external-metrics" help:"The Secret in which the controller keeps the certificate that it makes and renews. It must exist. It is not used with TMD_EXTERNAL_METRICS_TLS_CERT."`
	ExternalMetricsCert   string `env:"TMD_EXTERNAL_METRICS_TLS_CERT" help:"File of a certificate that another program renews, PEM, in place of the controller's own. It is read again every minute, as the two below."`
	ExternalMetricsKey    string `env:"TMD_EXTERNAL_METRICS_TLS_KEY" help:"File of the certificate's key, PEM."`
	ExternalMetricsCA     string `env:"TMD_EXTERNAL_METRICS_TLS_CA" help:"File of the certificate authority that issued the certificate, PEM. The controller writes it into the APIService."`
}

func (m *ExternalMetrics) checkValues(f *Faults) {
	if m.ExternalMetricsAddr == Off {
		return
	}
	if m.ExternalMetricsHost == "" {
		f.addFault("TMD_EXTERNAL_METRICS_HOST", "is missing: set it to SERVICE.NAMESPACE.svc of the APIService's Service")
	}
	if m.ExternalMetricsCert == "" {
		if m.ExternalMetricsSecret == "" {
			f.addFault("TMD_EXTERNAL_METRICS_SECRET", "is missing: set it to the Secret of the certificate")
		}
		return
	}
	if m.ExternalMetricsKey == "" {
		f.addFault("TMD_EXTERNAL_METRICS_TLS_KEY", "is missing: TMD_EXTERNAL_METRICS_TLS_CERT needs it")
	}
	if m.ExternalMetricsCA == "" {
		f.addFault("TMD_EXTERNAL_METRICS_TLS_CA", "is missing: TMD_EXTERNAL_METRICS_TLS_CERT needs it")
	}
	if m.ExternalMetricsKey != "" {
		f.checkKeyPair("TMD_EXTERNAL_METRICS_TLS_CERT", m.ExternalMetricsCert, "TMD_EXTERNAL_METRICS_TLS_KEY", m.ExternalMetricsKey)
	}
}

// Canaries configures the tests of the autoscaling.
type Canaries struct {
	Canary             bool          `env:"TMD_CANARY" envDefault:"false" help:"Send a test job through the queue at intervals and check that the autoscaling reacts."`
	CanaryInterval     time.Duration `env:"TMD_CANARY_INTERVAL" envDefault:"15m" help:"Time between two canaries."`
	CanaryHold         time.Duration `env:"TMD_CANARY_HOLD" envDefault:"30s" help:"How long a canary waits in the queue before a worker may take it. The metric must react within this time."`
	CanaryLimit        time.Duration `env:"TMD_CANARY_LIMIT" envDefault:"3m" help:"Time limit after that, the start of a first worker included."`
	CanaryDegree       string        `env:"TMD_CANARY_DEGREE" envDefault:"BEng in Software Engineering" help:"The degree of the canary's timeline."`
	CanaryConfigMap    string        `env:"TMD_CANARY_CONFIGMAP" envDefault:"tmd-canary" help:"The ConfigMap to which the controller writes the outcome of the canaries. It must exist."`
	CanaryDeployment   string        `env:"TMD_CANARY_DEPLOYMENT" help:"The Deployment of the workers. Required by TMD_CANARY."`
	CanaryScaledObject string        `env:"TMD_CANARY_SCALEDOBJECT" help:"The ScaledObject of the workers. Without one, and without TMD_CANARY_HPA, the canary tests the queue, the worker and the result only."`
	CanaryHPA          string        `env:"TMD_CANARY_HPA" help:"The HorizontalPodAutoscaler of the workers where KEDA makes none."`
}

func (c *Canaries) checkValues(f *Faults) {
	f.checkDuration("TMD_CANARY_HOLD", c.CanaryHold, 5*time.Second, 10*time.Minute)
	f.checkDuration("TMD_CANARY_LIMIT", c.CanaryLimit, 10*time.Second, time.Hour)
	if !f.hasFault("TMD_CANARY_HOLD") && !f.hasFault("TMD_CANARY_LIMIT") && (c.CanaryInterval < c.CanaryHold+c.CanaryLimit || c.CanaryInterval > 24*time.Hour) {
		f.addFault("TMD_CANARY_INTERVAL", "is %v: give more than TMD_CANARY_HOLD and TMD_CANARY_LIMIT together, which is %v, and 24h at most", c.CanaryInterval, c.CanaryHold+c.CanaryLimit)
	}
	if c.Canary && c.CanaryConfigMap == "" {
		f.addFault("TMD_CANARY_CONFIGMAP", "is missing: set it to a ConfigMap in the namespace")
	}
	if c.Canary && c.CanaryDeployment == "" {
		f.addFault("TMD_CANARY_DEPLOYMENT", "is missing: set it to the Deployment of the workers")
	}
}

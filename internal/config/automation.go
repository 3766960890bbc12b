package config

import (
	"time"
	_ "time/tzdata" // for CRON_TZ: the image has no zones

	"github.com/robfig/cron/v3"
)

// ImageUpdates is how the controller brings new images to the release.
type ImageUpdates struct {
	Images          bool          `env:"TMD_IMAGES" envDefault:"false" help:"Roll out what the tags of the release's images name by now, and back when its pods fail."`
	ImagesSchedule  string        `env:"TMD_IMAGES_SCHEDULE" envDefault:"0 4 * * *" help:"When to look, as a cron expression of five fields, in UTC; CRON_TZ=America/Toronto in front of it names another zone."`
	ImagesDeadline  time.Duration `env:"TMD_IMAGES_DEADLINE" envDefault:"10m" help:"How long the rollout of one component may take before it goes back."`
	ImagesPlainHTTP []string      `env:"TMD_IMAGES_PLAIN_HTTP" help:"Registries, host:port, that may be asked without TLS, separated by commas. Those on loopback always may."`
	ReleaseSelector string        `env:"TMD_RELEASE_SELECTOR" help:"The labels of the release's Deployments, as kubectl's --selector takes them. TMD_IMAGES needs it."`
}

func (i *ImageUpdates) check(f *Faults) {
	if _, err := cron.ParseStandard(i.ImagesSchedule); err != nil {
		f.add("TMD_IMAGES_SCHEDULE", "is %q: give a cron expression of five fields, such as 0 4 * * *", i.ImagesSchedule)
	}
	// A run of four components, each there and back, ends within the time in which it may be taken up again.
	f.between("TMD_IMAGES_DEADLINE", i.ImagesDeadline, time.Minute, 30*time.Minute)
	if i.Images && i.ReleaseSelector == "" {
		f.add("TMD_RELEASE_SELECTOR", "is missing: set it to the labels of the release's Deployments, such as app.kubernetes.io/instance=tmd")
	}
}

// PushScaler is where the controller answers KEDA.
type PushScaler struct {
	ScalerAddr     Addr   `env:"TMD_SCALER_ADDR" envDefault:"off" help:"Where the controller serves KEDA's external-push scaler (gRPC), as :9092, or off."`
	ScalerCert     string `env:"TMD_SCALER_TLS_CERT" help:"File of the scaler's certificate, PEM. Without one it speaks plain text. It is read again for each connection."`
	ScalerKey      string `env:"TMD_SCALER_TLS_KEY" help:"File of the certificate's key, PEM."`
	ScalerClientCA string `env:"TMD_SCALER_TLS_CLIENT_CA" help:"File of the authority, PEM, whose certificate KEDA has to show."`
}

func (s *PushScaler) check(f *Faults) {
	switch {
	case s.ScalerCert != "" && s.ScalerKey == "":
		f.add("TMD_SCALER_TLS_KEY", "is missing: TMD_SCALER_TLS_CERT needs its key")
	case s.ScalerCert == "" && s.ScalerKey != "":
		f.add("TMD_SCALER_TLS_CERT", "is missing: TMD_SCALER_TLS_KEY is the key of a certificate")
	case s.ScalerCert == "" && s.ScalerClientCA != "":
		f.add("TMD_SCALER_TLS_CERT", "is missing: who asks for certificates needs one, too")
	}
}

// Canaries is how the controller proves that the autoscaling works.
type Canaries struct {
	Canary             bool          `env:"TMD_CANARY" envDefault:"false" help:"Send a job of the controller's own through the queue again and again, and look whether the autoscaling follows."`
	CanaryInterval     time.Duration `env:"TMD_CANARY_INTERVAL" envDefault:"15m" help:"Time from one canary to the next."`
	CanaryHold         time.Duration `env:"TMD_CANARY_HOLD" envDefault:"30s" help:"How long a canary lies in the queue before a worker may take it. The metric has to follow within it."`
	CanaryLimit        time.Duration `env:"TMD_CANARY_LIMIT" envDefault:"3m" help:"How long it may take from then on, the start of a first worker included."`
	CanaryDegree       string        `env:"TMD_CANARY_DEGREE" envDefault:"BEng in Software Engineering" help:"A degree of the catalogue, of which the canary asks for a timeline."`
	CanaryConfigMap    string        `env:"TMD_CANARY_CONFIGMAP" envDefault:"tmd-canary" help:"The ConfigMap in which the controller tells how the canaries fared. It must be there."`
	CanaryDeployment   string        `env:"TMD_CANARY_DEPLOYMENT" help:"The Deployment of the workers. TMD_CANARY needs it."`
	CanaryScaledObject string        `env:"TMD_CANARY_SCALEDOBJECT" help:"The ScaledObject of the workers; empty when nothing scales them: then queue, worker and result are proven alone."`
}

func (c *Canaries) check(f *Faults) {
	f.between("TMD_CANARY_HOLD", c.CanaryHold, 5*time.Second, 10*time.Minute)
	f.between("TMD_CANARY_LIMIT", c.CanaryLimit, 10*time.Second, time.Hour)
	if !f.has("TMD_CANARY_HOLD") && !f.has("TMD_CANARY_LIMIT") && (c.CanaryInterval < c.CanaryHold+c.CanaryLimit || c.CanaryInterval > 24*time.Hour) {
		f.add("TMD_CANARY_INTERVAL", "is %v: give more than TMD_CANARY_HOLD and TMD_CANARY_LIMIT together, which is %v, and 24h at most", c.CanaryInterval, c.CanaryHold+c.CanaryLimit)
	}
	if c.Canary && c.CanaryConfigMap == "" {
		f.add("TMD_CANARY_CONFIGMAP", "is missing: set it to a ConfigMap in the namespace")
	}
	if c.Canary && c.CanaryDeployment == "" {
		f.add("TMD_CANARY_DEPLOYMENT", "is missing: set it to the Deployment of the workers")
	}
}

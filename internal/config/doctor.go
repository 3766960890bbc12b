package config

// Doctor holds the settings of `tmd doctor`: what it can try. It runs in the environment of the API or of a worker.
type Doctor struct {
	RedisServer
	JobRedis
	CacheURL SecretURL `env:"REDIS_CACHE_URL" help:"Redis of the response cache, as redis://host:port/0. Without it the cache is not tried."`
	RedisTLS
	Mongo
	Uploads
	ParserURL WebURL `env:"PYTHON_UTILS_URL" help:"The address of the parser. Without it the parser is not tried."`
	JWKSURL   WebURL `env:"TMD_JWKS_URL" help:"The address of the identity provider's public keys. Without it the provider is not tried."`
	// The name is the chart's, the address of Kubernetes is in each of its pods.
	ScaledObject   string `env:"TMD_SCALED_OBJECT" help:"KEDA's ScaledObject of the workers. Without it KEDA's triggers are not looked at."`
	KubernetesHost string `env:"KUBERNETES_SERVICE_HOST" help:"The host of the API of Kubernetes, which sets it in each pod."`
	KubernetesPort Port   `env:"KUBERNETES_SERVICE_PORT" envDefault:"443" help:"The port of the API of Kubernetes, which sets it in each pod."`
}

func (*Doctor) defaultValues(environ map[string]string) map[string]string { return pathStyle(environ) }

func (c *Doctor) checkValues(f *Faults) {
	c.JobRedis.checkValues(f)
	if !c.CacheURL.Empty() {
		f.checkRedisURL("REDIS_CACHE_URL", c.CacheURL)
	}
	c.RedisTLS.checkValues(f)
	c.Mongo.checkValues(f)
	c.Uploads.checkValues(f)
}

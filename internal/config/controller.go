package config

import "time"

// Controller is the settings of tmd-controller.
type Controller struct {
	Process
	Debug
	HealthAddr Addr `env:"TMD_CONTROLLER_HEALTH_ADDR" envDefault:":8081" help:"Where the controller serves /livez and /readyz, or off."`
	RedisServer
	JobRedis
	RedisTLS
	Cluster
	Leader
	Fleet
	Reconcilers
	ImageUpdates
	PushScaler
	ExternalMetrics
	Canaries
}

func (*Controller) defaultValues(map[string]string) map[string]string { return nil }

func (c *Controller) checkValues(f *Faults) {
	c.Process.checkValues(f)
	c.JobRedis.checkValues(f)
	c.RedisTLS.checkValues(f)
	c.Cluster.checkValues(f)
	c.Leader.checkValues(f)
	c.Fleet.checkValues(f)
	c.Reconcilers.checkValues(f)
	c.ImageUpdates.checkValues(f)
	c.PushScaler.checkValues(f)
	c.ExternalMetrics.checkValues(f)
	c.Canaries.checkValues(f)
}

// Cluster configures the access to Kubernetes, and selects the managed pods.
type Cluster struct {
	KubeConfig      string `env:"KUBECONFIG" help:"Path of a kubeconfig, for a controller outside the cluster. In a pod the controller uses its service account."`
	Namespace       string `env:"TMD_NAMESPACE" help:"The namespace of the release. The controller sees no other."`
	WorkerSelector  string `env:"TMD_WORKER_SELECTOR" envDefault:"app.kubernetes.io/component=worker" help:"The labels of the worker pods, in the form of kubectl's --selector."`
	WorkerContainer string `env:"TMD_WORKER_CONTAINER" envDefault:"worker" help:"The container of a worker pod that runs jobs."`
	KubeQPS         int    `env:"TMD_KUBE_QPS" envDefault:"20" help:"Requests a second that the controller sends to the API server for each kind of object; twice as many at once."`
}

func (c *Cluster) checkValues(f *Faults) {
	if c.Namespace == "" {
		f.addFault("TMD_NAMESPACE", "is missing: set it to the namespace of the worker pods")
	}
	if c.WorkerContainer == "" {
		f.addFault("TMD_WORKER_CONTAINER", "is missing: set it to the container of a worker pod that runs jobs")
	}
	f.checkNumber("TMD_KUBE_QPS", c.KubeQPS, 1, 1000)
}

// Leader configures the leader election.
type Leader struct {
	LeaderElection bool   `env:"TMD_LEADER_ELECTION" envDefault:"true" help:"Let only the replica that holds the lease work. Set it to false for a single replica only."`
	LeaseName      string `env:"TMD_LEASE_NAME" envDefault:"tmd-controller" help:"The Lease in the namespace that the replicas compete for."`
}

func (l *Leader) checkValues(f *Faults) {
	if l.LeaderElection && l.LeaseName == "" {
		f.addFault("TMD_LEASE_NAME", "is missing: set it to a name that no other release of the namespace uses")
	}
}

// Fleet configures the polling of the workers.
type Fleet struct {
	FleetInterval time.Duration `env:"TMD_FLEET_INTERVAL" envDefault:"1s" help:"Time between two reads of what the workers run. Their heartbeats report it once a second."`
	FleetExpiry   time.Duration `env:"TMD_FLEET_EXPIRY" envDefault:"15s" help:"How long the last read is used when Redis is unavailable. After that no worker pod is preferred."`
}

func (c *Fleet) checkValues(f *Faults) {
	f.checkDuration("TMD_FLEET_INTERVAL", c.FleetInterval, 100*time.Millisecond, time.Minute)
	if f.hasFault("TMD_FLEET_INTERVAL") {
		return
	}
	if c.FleetExpiry < 2*c.FleetInterval || c.FleetExpiry > time.Hour {
		f.addFault("TMD_FLEET_EXPIRY", "is %v: give twice TMD_FLEET_INTERVAL or more, which is %v, and an hour at most", c.FleetExpiry, c.FleetInterval)
	}
}

// Reconcilers configures the reconcilers.
type Reconcilers struct {
	DryRun       bool          `env:"TMD_DRY_RUN" envDefault:"false" help:"Log what the controller would do, and change nothing. The same as --dry-run."`
	DeletionCost bool          `env:"TMD_DELETION_COST" envDefault:"true" help:"Write the deletion cost of worker pods, so that a scale-down removes idle ones first."`
	HandOver     bool          `env:"TMD_HAND_OVER" envDefault:"true" help:"Put the jobs of a worker pod that ended back into the queue at once."`
	DrainGuard   bool          `env:"TMD_DRAIN_GUARD" envDefault:"true" help:"Label worker pods that run a long job, for a PodDisruptionBudget that protects them from eviction."`
	GuardAfter   time.Duration `env:"TMD_GUARD_AFTER" envDefault:"30s" help:"How long a job must have run before its pod is protected."`
	GuardMax     time.Duration `env:"TMD_GUARD_MAX" envDefault:"5m" help:"How long a pod may be protected without interruption: a drain of its node waits no longer than that."`
}

func (r *Reconcilers) checkValues(f *Faults) {
	f.checkDuration("TMD_GUARD_AFTER", r.GuardAfter, 0, time.Hour)
	f.checkDuration("TMD_GUARD_MAX", r.GuardMax, time.Second, 24*time.Hour)
}

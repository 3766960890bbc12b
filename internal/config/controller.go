package config

import "time"

// Controller is the settings of tmd-controller.
type Controller struct {
	Process
	Debug
	HealthAddr Addr `env:"TMD_CONTROLLER_HEALTH_ADDR" envDefault:":8081" help:"Where the controller serves /livez and /readyz, or off."`
	RedisServer
	JobRedis
	Cluster
	Leader
	Fleet
	Reconcilers
	ImageUpdates
	PushScaler
	Canaries
}

func (*Controller) defaults(map[string]string) map[string]string { return nil }

func (c *Controller) check(f *Faults) {
	c.Process.check(f)
	c.JobRedis.check(f)
	c.Cluster.check(f)
	c.Leader.check(f)
	c.Fleet.check(f)
	c.Reconcilers.check(f)
	c.ImageUpdates.check(f)
	c.PushScaler.check(f)
	c.Canaries.check(f)
}

// Cluster is how the controller reaches Kubernetes, and what it looks after there.
type Cluster struct {
	KubeConfig      string `env:"KUBECONFIG" help:"Path of a kubeconfig, for a controller outside of the cluster. In a pod its service account counts."`
	Namespace       string `env:"TMD_NAMESPACE" help:"The namespace of the release. The controller sees no other."`
	WorkerSelector  string `env:"TMD_WORKER_SELECTOR" envDefault:"app.kubernetes.io/component=worker" help:"The labels of the worker pods, as kubectl's --selector takes them."`
	WorkerContainer string `env:"TMD_WORKER_CONTAINER" envDefault:"worker" help:"The container of a worker pod that runs jobs."`
	KubeQPS         int    `env:"TMD_KUBE_QPS" envDefault:"20" help:"Requests a second that the controller sends to the API server for each kind of object; twice as many at once."`
}

func (c *Cluster) check(f *Faults) {
	if c.Namespace == "" {
		f.add("TMD_NAMESPACE", "is missing: set it to the namespace of the worker pods")
	}
	if c.WorkerContainer == "" {
		f.add("TMD_WORKER_CONTAINER", "is missing: set it to the container of a worker pod that runs jobs")
	}
	f.within("TMD_KUBE_QPS", c.KubeQPS, 1, 1000)
}

// Leader is how one of several controllers is chosen.
type Leader struct {
	LeaderElection bool   `env:"TMD_LEADER_ELECTION" envDefault:"true" help:"Let the one replica work that holds the lease. Only a single one may go without."`
	LeaseName      string `env:"TMD_LEASE_NAME" envDefault:"tmd-controller" help:"The Lease in the namespace that the replicas compete for."`
}

func (l *Leader) check(f *Faults) {
	if l.LeaderElection && l.LeaseName == "" {
		f.add("TMD_LEASE_NAME", "is missing: set it to a name that no other release of the namespace uses")
	}
}

// Fleet is how the controller looks at what the workers run.
type Fleet struct {
	FleetInterval time.Duration `env:"TMD_FLEET_INTERVAL" envDefault:"1s" help:"Time between two looks at what the workers run. They tell it once a second."`
	FleetExpiry   time.Duration `env:"TMD_FLEET_EXPIRY" envDefault:"15s" help:"How long the last look counts when Redis cannot be read. Then no worker pod is preferred any more."`
}

func (c *Fleet) check(f *Faults) {
	f.between("TMD_FLEET_INTERVAL", c.FleetInterval, 100*time.Millisecond, time.Minute)
	if f.has("TMD_FLEET_INTERVAL") {
		return
	}
	if c.FleetExpiry < 2*c.FleetInterval || c.FleetExpiry > time.Hour {
		f.add("TMD_FLEET_EXPIRY", "is %v: give twice TMD_FLEET_INTERVAL or more, which is %v, and an hour at most", c.FleetExpiry, c.FleetInterval)
	}
}

// Reconcilers is what the controller does.
type Reconcilers struct {
	DryRun       bool          `env:"TMD_DRY_RUN" envDefault:"false" help:"Log what the controller would do, and do nothing. --dry-run says the same."`
	DeletionCost bool          `env:"TMD_DELETION_COST" envDefault:"true" help:"Write the deletion cost of worker pods, so that a scale-down takes idle ones first."`
	HandOver     bool          `env:"TMD_HAND_OVER" envDefault:"true" help:"Put the jobs of a worker pod that ended back into the queue at once."`
	DrainGuard   bool          `env:"TMD_DRAIN_GUARD" envDefault:"true" help:"Label worker pods that run a long job, for a PodDisruptionBudget that keeps them from being evicted."`
	GuardAfter   time.Duration `env:"TMD_GUARD_AFTER" envDefault:"30s" help:"How long a job must have been running before its pod is guarded."`
	GuardMax     time.Duration `env:"TMD_GUARD_MAX" envDefault:"5m" help:"How long a pod may be guarded without a pause: a drain of its node waits no longer."`
}

func (r *Reconcilers) check(f *Faults) {
	f.between("TMD_GUARD_AFTER", r.GuardAfter, 0, time.Hour)
	f.between("TMD_GUARD_MAX", r.GuardMax, time.Second, 24*time.Hour)
}

package doctor

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
	"github.com/trackmydegree/trackmydegree/internal/redisurl"
)

// scaledObject is the part of KEDA's ScaledObject that is looked at.
type scaledObject struct {
	Spec struct {
		MinReplicas *int      `json:"minReplicaCount"`
		Cooldown    *int      `json:"cooldownPeriod"`
		Triggers    []trigger `json:"triggers"`
	} `json:"spec"`
	Status struct {
		Conditions []struct {
			Type    string `json:"type"`
			Status  string `json:"status"`
			Reason  string `json:"reason"`
			Message string `json:"message"`
		} `json:"conditions"`
	} `json:"status"`
}

type trigger struct {
	Type     string            `json:"type"`
	Metadata map[string]string `json:"metadata"`
}

// leastCooldown is the shortest cooldownPeriod, in seconds, with which a fleet that may be 0 survives an outage of
// Redis (docs/operations.md, "Autoscaling and outages"). 300 is KEDA's default.
const (
	leastCooldown   = 120
	defaultCooldown = 300
)

// checkTriggers compares KEDA's triggers with the queue. It logs what costs time and returns what leaves work undone.
func checkTriggers(object scaledObject, c config.Doctor, namespace string, log *slog.Logger) (string, error) {
	var problems []error
	for _, condition := range object.Status.Conditions {
		switch {
		case condition.Type == "Ready" && condition.Status != "True":
			problems = append(problems, fmt.Errorf("KEDA is not ready to scale: %s: %s", condition.Reason, condition.Message))
		case condition.Type == "Fallback" && condition.Status == "True":
			log.Warn("KEDA uses the fallback number of workers, since a trigger fails: look at the log of keda-operator")
		case condition.Type == "Paused" && condition.Status == "True":
			log.Warn("KEDA is paused, and the number of workers stays: remove the annotations autoscaling.keda.sh/paused of the ScaledObject")
		}
	}
	if len(object.Status.Conditions) == 0 {
		log.Warn("KEDA has not looked at the ScaledObject: check that keda-operator runs and watches this namespace")
	}
	readers := slices.DeleteFunc(slices.Clone(object.Spec.Triggers), func(t trigger) bool { return !strings.HasPrefix(t.Type, "redis") })
	if len(readers) == 0 {
		return fmt.Sprintf("%d triggers", len(object.Spec.Triggers)), errors.Join(problems...)
	}
	if least, pause := valueOr(object.Spec.MinReplicas, 0), valueOr(object.Spec.Cooldown, defaultCooldown); least == 0 && pause < leastCooldown {
		log.Warn(fmt.Sprintf("an outage of Redis removes every worker: set cooldownPeriod to %d or more, or minReplicaCount to 1", leastCooldown))
	}
	problems = append(problems, checkListNames(readers)...)
	problems = append(problems, checkAddresses(readers, c.JobURL.Reveal(), namespace)...)
	return fmt.Sprintf("%d triggers on the keys of the queue", len(readers)), errors.Join(problems...)
}

func valueOr(value *int, fallback int) int {
	if value == nil {
		return fallback
	}
	return *value
}

// checkListNames requires one trigger for each state of each queue that needs a worker.
func checkListNames(readers []trigger) []error {
	var wanted, read []string
	for _, queue := range queuemodel.QueueNames() {
		for _, state := range []string{"pending", "active", "retry", "scheduled"} {
			wanted = append(wanted, queuemodel.QueueKey(queue, state))
		}
	}
	var problems []error
	for _, t := range readers {
		key := t.Metadata["listName"]
		read = append(read, key)
		if !slices.Contains(wanted, key) {
			problems = append(problems, fmt.Errorf("a trigger reads %q, which is no key of the queue: upgrade the release, or correct listName", key))
		}
	}
	for _, key := range wanted {
		if !slices.Contains(read, key) {
			problems = append(problems, fmt.Errorf("no trigger reads %s, whose jobs start no worker: upgrade the release, or add the trigger", key))
		}
	}
	return problems
}

// checkAddresses requires that KEDA reads the Redis and the database of the jobs. Each difference is named once.
func checkAddresses(readers []trigger, jobs, namespace string) []error {
	target, err := redisurl.ParseTarget(jobs)
	if err != nil {
		return []error{err}
	}
	var problems []error
	addProblem := func(format string, args ...any) {
		problem := fmt.Errorf(format, args...)
		if !slices.ContainsFunc(problems, func(known error) bool { return known.Error() == problem.Error() }) {
			problems = append(problems, problem)
		}
	}
	for _, t := range readers {
		addresses := t.Metadata["address"] + t.Metadata["addresses"]
		for address := range strings.SplitSeq(addresses, ",") {
			if address != "" && !slices.ContainsFunc(target.Addresses, func(ours string) bool { return isSameHost(ours, address, namespace) }) {
				addProblem("KEDA reads the Redis at %s, and the jobs are at %s: give both the same host and port", address, strings.Join(target.Addresses, ","))
			}
		}
		if index, err := strconv.Atoi(t.Metadata["databaseIndex"]); t.Metadata["databaseIndex"] != "" && (err != nil || index != target.Database) {
			addProblem("KEDA reads the database %s, and the jobs are in %d: correct databaseIndex (redis.external.database)", t.Metadata["databaseIndex"], target.Database)
		}
		if tls := t.Metadata["enableTLS"] == "true"; tls != target.TLS {
			addProblem("KEDA uses TLS to Redis: %t, the jobs: %t: correct enableTLS (redis.external.tls.enabled)", tls, target.TLS)
		}
		if t.Metadata["sentinelMaster"] != target.Master {
			addProblem("KEDA reads the master %q of the Sentinels, and the jobs are in %q: correct sentinelMaster (redis.external.sentinel.master)", t.Metadata["sentinelMaster"], target.Master)
		}
	}
	return problems
}

// isSameHost compares two addresses, host and port, by the names that a Service has in a cluster.
func isSameHost(a, b, namespace string) bool {
	shorten := func(address string) string {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return address
		}
		for _, suffix := range []string{".cluster.local", ".svc", "." + namespace} {
			host = strings.TrimSuffix(strings.TrimSuffix(host, "."), suffix)
		}
		return net.JoinHostPort(host, port)
	}
	return shorten(a) == shorten(b)
}

package redischeck

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

const (
	// scratchTTL deletes the scratch keys of a check that was cut short.
	scratchTTL = 10 * time.Second
	// subscribeWait bounds the wait for the answer to a subscription, which has no limit of its own.
	subscribeWait = time.Second
)

// The prefixes of all keys, and the channels. asynq publishes on the last one.
var (
	keyPrefixes = []string{"job:", "asynq:", "queue:"}
	channels    = []string{"job:timeline:events", queuemodel.WakeChannel, "asynq:cancel"}
)

// rightsAdvice is the rule of an access list that is sufficient.
const rightsAdvice = "~job:* ~asynq:* ~queue:* &job:* &asynq:* +@all -@admin -@dangerous +info"

var (
	//go:embed lua/rights.lua
	rightsLua    string
	rightsScript = redis.NewScript(rightsLua)
)

// checkKeys runs the commands of all scripts on scratch keys of each prefix. EVAL loads the script, also where the
// server knows it: after a restart of the server every script is loaded in this way.
func checkKeys(ctx context.Context, client redis.UniversalClient) error {
	for _, prefix := range keyPrefixes {
		name := prefix + "check:" + uuid.NewString()
		err := rightsScript.Eval(ctx, client, []string{name, name + ":copy"}, scratchTTL.Milliseconds()).Err()
		if err == nil {
			err = rightsScript.EvalSha(ctx, client, []string{name, name + ":copy"}, scratchTTL.Milliseconds()).Err()
		}
		if err := explainRefusal("a script on the keys "+prefix+"*", err); err != nil {
			return err
		}
	}
	return nil
}

// checkChannels subscribes to the channels and publishes a message that names no job. Redis 7 gives a user no channels
// unless a rule does.
func checkChannels(ctx context.Context, client redis.UniversalClient) error {
	for _, channel := range channels {
		sub := client.Subscribe(ctx, channel)
		_, err := sub.ReceiveTimeout(ctx, subscribeWait)
		_ = sub.Close()
		if err == nil {
			err = client.Publish(ctx, channel, " ").Err()
		}
		if err := explainRefusal("the channel "+channel, err); err != nil {
			return err
		}
	}
	return nil
}

// installationTTL is how long the marker outlives the last process of an installation: as long as Redis holds anything
// of its jobs.
const installationTTL = 7 * 24 * time.Hour

// installationKey holds the name of the installation whose jobs are in the database.
const installationKey = "queue:installation"

var (
	//go:embed lua/claim_installation.lua
	claimInstallationLua    string
	claimInstallationScript = redis.NewScript(claimInstallationLua)
)

// ClaimInstallation marks the database as that of the installation name, for a week from now. It returns an UnfitError
// when the database is another's. Idempotent.
func ClaimInstallation(ctx context.Context, client redis.UniversalClient, name string) error {
	owner, err := claimInstallationScript.Run(ctx, client, []string{installationKey}, name, installationTTL.Milliseconds()).Text()
	if err != nil {
		return explainRefusal("the key "+installationKey, err)
	}
	if owner == name {
		return nil
	}
	return &UnfitError{Problem: fmt.Sprintf("holds the jobs of another installation in this database, %q, and this one is %q: "+
		"give each installation a database or a Redis of its own, or, if both are the same installation, set TMD_INSTALLATION to %q",
		owner, name, owner)}
}

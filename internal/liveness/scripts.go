package liveness

import (
	_ "embed"

	"github.com/redis/go-redis/v9"

	"github.com/trackmydegree/trackmydegree/internal/queuemodel"
)

// The scripts. Each file documents its KEYS and ARGV.
var (
	//go:embed lua/heartbeat.lua
	heartbeatLua string
	//go:embed lua/put_back.lua
	putBackLua string
	//go:embed lua/rescue.lua
	rescueLua string
	//go:embed lua/requeue.lua
	requeueLua string
	//go:embed lua/record_startup.lua
	recordStartupLua string
	//go:embed lua/read_startup.lua
	readStartupLua string

	heartbeatScript     = redis.NewScript(queuemodel.NamesLua + queuemodel.RecordLifeLua + heartbeatLua)
	rescueScript        = redis.NewScript(queuemodel.NamesLua + queuemodel.MarkPendingLua + queuemodel.RecordLifeLua + putBackLua + rescueLua)
	recordStartupScript = redis.NewScript(queuemodel.NamesLua + queuemodel.RecordLifeLua + recordStartupLua)
	readStartupScript   = redis.NewScript(queuemodel.NamesLua + readStartupLua)
	requeueScript       = redis.NewScript(queuemodel.NamesLua + queuemodel.MarkPendingLua + queuemodel.RecordLifeLua + putBackLua + requeueLua)
)

package queuemodel

import _ "embed"

// Parts of scripts. A script puts NamesLua first, then the functions that it calls, then its own text.
var (
	// NamesLua declares the names of keys and fields that Go and Lua share.
	//
	//go:embed lua/names.lua
	NamesLua string
	// MarkPendingLua declares mark_pending(task_key), which needs NamesLua.
	//
	//go:embed lua/mark_pending.lua
	MarkPendingLua string
	// RecordLifeLua declares record_life(id, milliseconds, event, attempt, worker, code), which needs NamesLua.
	//
	//go:embed lua/record_life.lua
	RecordLifeLua string
)

package alerts_test

// cases are series of samples a minute apart. first is the first minute at which the alert fires, -1 for never.
var cases = []struct {
	alert, name string
	series      []string
	minutes     int
	first       int
}{
	{"TmdJobsWaitWithoutWorkers", "no worker", []string{`tmd_queue_tasks{namespace="degrees",state="pending"} 3x10 0x10`}, 20, 5},
	{"TmdJobsWaitWithoutWorkers", "idle workers", []string{
		`tmd_queue_tasks{namespace="degrees",state="pending"} 3x10 0x10`, `tmd_queue_running{namespace="degrees",pod="w"} 0x20`}, 20, 5},
	{"TmdJobsWaitWithoutWorkers", "a busy worker", []string{
		`tmd_queue_tasks{namespace="degrees",state="pending"} 3x20`, `tmd_queue_running{namespace="degrees",pod="w"} 1x20`}, 20, -1},
	{"TmdJobsWaitWithoutWorkers", "another namespace", []string{`tmd_queue_tasks{namespace="other",state="pending"} 3x20`}, 20, -1},
	{"TmdJobsWaitLong", "oldest", []string{`tmd_queue_oldest_pending_seconds{namespace="degrees"} 0 301x10 0x5`}, 16, 6},
	{"TmdJobsSlow", "half above ten seconds", []string{
		`tmd_job_seconds_bucket{namespace="degrees",le="10"} 0+5x30 150+10x20`,
		`tmd_job_seconds_bucket{namespace="degrees",le="60"} 0+10x30 300+10x20`,
		`tmd_job_seconds_bucket{namespace="degrees",le="+Inf"} 0+10x30 300+10x20`}, 50, 11},
	{"TmdJobsFail", "half of them", []string{
		`tmd_jobs_total{namespace="degrees",outcome="done"} 0+5x30 150+10x30`,
		`tmd_jobs_total{namespace="degrees",outcome="failed"} 0+5x30 150x30`}, 60, 11},
	{"TmdJobsFail", "one of twenty", []string{
		`tmd_jobs_total{namespace="degrees",outcome="done"} 0+19x40`, `tmd_jobs_total{namespace="degrees",outcome="failed"} 0+1x40`}, 40, -1},
	{"TmdJobsDead", "one", []string{`tmd_jobs_dead{namespace="degrees"} 0 1x9 0x5`}, 14, 6},
	{"TmdResultsLost", "all of them", []string{
		`tmd_results{namespace="degrees"} 100x20 0+1x40`, `tmd_results_oldest_seconds{namespace="degrees"} 40000x20 0+60x40`}, 60, 21},
	{"TmdResultsLost", "those of a day before expire", []string{
		`tmd_results{namespace="degrees"} 100x20 5x40`, `tmd_results_oldest_seconds{namespace="degrees"} 86000x20 40000x40`}, 60, -1},
	{"TmdResultsLost", "a few", []string{
		`tmd_results{namespace="degrees"} 5x20 0x40`, `tmd_results_oldest_seconds{namespace="degrees"} 40000x20 0x40`}, 60, -1},
	{"TmdTasksRecovered", "ten", []string{`tmd_queue_recovered_total{namespace="degrees",reason="crash"} 0x5 10x40`}, 40, 6},
	{"TmdTasksRecovered", "two", []string{`tmd_queue_recovered_total{namespace="degrees",reason="crash"} 0x5 2x40`}, 40, -1},
	{"TmdAPIDown", "nothing to scrape", []string{`tmd_build_info{namespace="degrees",role="worker"} 1x20`,
		`tmd_build_info{namespace="degrees",role="api"} _x9 1x10`}, 20, 5},
	{"TmdAPIErrors", "a tenth", []string{
		`tmd_http_request_duration_seconds_count{namespace="degrees",status="2xx"} 0+90x20 1800+100x20`,
		`tmd_http_request_duration_seconds_count{namespace="degrees",status="5xx"} 0+10x20 200x20`}, 40, 6},
	{"TmdParserUnavailable", "open", []string{`tmd_parser_breaker_state{namespace="degrees",pod="w"} 0 2x8 0x5`}, 14, 4},
	{"TmdParserUnavailable", "open for a moment", []string{`tmd_parser_breaker_state{namespace="degrees",pod="w"} 0 2 0 2 0x10`}, 14, -1},
	{"TmdParserChildrenDoNotStart", "ten", []string{`tmd_parser_child_ends_total{namespace="degrees",reason="start_fault"} 0x5 10x20`}, 25, 6},
	{"TmdReadersDiffer", "one", []string{`tmd_parser_reads_total{namespace="degrees",reader="differ"} 0x5 1x30`}, 36, 6},
	{"TmdReadersDiffer", "only PDFium", []string{`tmd_parser_reads_total{namespace="degrees",reader="pdfium"} 0x5 1x20`}, 25, -1},
	{"TmdCacheUnavailable", "away", []string{`tmd_cache_available{namespace="degrees",pod="a"} 1 0x15 1x5`}, 22, 11},
	{"TmdUploadsVolumeFull", "5 percent left", []string{
		`tmd_uploads_volume_free_bytes{namespace="degrees",pod="a"} 50 5x10 50x5`, `tmd_uploads_volume_size_bytes{namespace="degrees",pod="a"} 100x16`}, 16, 6},
	{"TmdRepaired", "a lost task", []string{`tmd_sweep_healed_total{namespace="degrees",what="task_lost"} 0x5 1x30`}, 36, 6},
	{"TmdRepaired", "files that were left", []string{`tmd_sweep_healed_total{namespace="degrees",what="files_left"} 0x5 1x30`}, 36, -1},
	{"TmdRepairStopped", "no rounds", []string{`tmd_sweep_rounds_total{namespace="degrees",result="ok"} 0+12x10 120x30 120+12x20`}, 60, 29},
	{"TmdScalerErrors", "errors", []string{
		`tmd_scaler_requests_total{namespace="degrees",code="OK",method="GetMetrics"} 0+4x30`,
		`tmd_scaler_requests_total{namespace="degrees",code="Unavailable",method="GetMetrics"} 0x5 0+4x10 40x15`}, 30, 12},
	{"TmdAutoscalingNotVerified", "not proven", []string{
		`tmd_canary_verified{namespace="degrees"} 1x5 0x20 1x5`, `tmd_canary_runs_total{namespace="degrees",outcome="failed"} 0x5 1x25`}, 30, 11},
	{"TmdAutoscalingNotVerified", "before the first run", []string{
		`tmd_canary_verified{namespace="degrees"} 0x20`, `tmd_canary_runs_total{namespace="degrees",outcome="failed"} 0x20`}, 20, -1},
}

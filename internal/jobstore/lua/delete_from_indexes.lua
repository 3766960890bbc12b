-- Removes a job from the indexes of open jobs, unless it has an open record. Returns 1, or 0 when it stays.
if is_open(ARGV[1]) then return 0 end
close_job()
return 1

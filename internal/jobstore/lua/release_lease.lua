-- Releases a lease, if the holder has it. KEYS and ARGV 1 are those of acquire_lease.lua.
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0

-- Releases the claim of a job. KEYS and ARGV 1 are those of claim_key.lua.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
redis.call('DEL', KEYS[2])
return 1

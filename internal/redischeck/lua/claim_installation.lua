-- Marks the database as that of an installation, unless it is another's.
--
-- KEYS 1 the marker
-- ARGV 1 the name of the installation
--      2 time to live, in milliseconds
-- Returns the name of the installation whose database it is.
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return owner end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]

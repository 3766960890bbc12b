-- Counts the open jobs of an owner.
--
-- KEYS 1 the owner's index
-- ARGV 4 the limit
return count_open(KEYS[1], tonumber(ARGV[4]))

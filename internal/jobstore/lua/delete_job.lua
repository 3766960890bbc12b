-- Deletes everything of a job, the copy of a failed one included.
delete_record()
redis.call('ZREM', DEAD_INDEX, ARGV[1])
redis.call('DEL', DEAD_PREFIX .. ARGV[1], KEYS[1] .. LIFE_SUFFIX)
return 1

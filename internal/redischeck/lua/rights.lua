-- Runs the commands of the product's and the queue's scripts once, on scratch keys.
--
-- KEYS 1, 2 scratch keys of one prefix
-- ARGV 1 when the keys expire at the latest, in milliseconds
-- Returns 1.
local key, copy, ttl = KEYS[1], KEYS[2], ARGV[1]

redis.call('SET', key, '1', 'PX', ttl)
redis.call('GET', key)
redis.call('INCR', key)
redis.call('EXISTS', key)
redis.call('PEXPIRE', key, ttl)
redis.call('EXPIREAT', key, 4102444800)
redis.call('DEL', key)

redis.call('HSET', key, 'field', '1')
redis.call('PEXPIRE', key, ttl)
redis.call('HGET', key, 'field')
redis.call('HMGET', key, 'field')
redis.call('HKEYS', key)
redis.call('HEXISTS', key, 'field')
redis.call('HINCRBY', key, 'field', 1)
redis.call('COPY', key, copy, 'REPLACE')
redis.call('PEXPIRE', copy, ttl)
redis.call('HDEL', key, 'field')
redis.call('DEL', key, copy)

redis.call('LPUSH', key, '1')
redis.call('PEXPIRE', key, ttl)
redis.call('RPUSH', key, '2')
redis.call('RPUSHX', key, '3')
redis.call('LINDEX', key, -1)
redis.call('LSET', key, -1, '3')
redis.call('LLEN', key)
redis.call('LRANGE', key, 0, -1)
redis.call('LPOS', key, '1')
redis.call('RPOPLPUSH', key, copy)
redis.call('PEXPIRE', copy, ttl)
redis.call('LREM', key, 0, '1')
redis.call('DEL', key, copy)

redis.call('SADD', key, '1')
redis.call('PEXPIRE', key, ttl)
redis.call('SMEMBERS', key)
redis.call('SREM', key, '1')

redis.call('ZADD', key, 1, '1')
redis.call('PEXPIRE', key, ttl)
redis.call('ZCARD', key)
redis.call('ZSCORE', key, '1')
redis.call('ZRANGE', key, 0, -1)
redis.call('ZRANGEBYSCORE', key, 0, 1)
redis.call('ZREM', key, '1')
redis.call('ZREMRANGEBYSCORE', key, 0, 1)
return 1

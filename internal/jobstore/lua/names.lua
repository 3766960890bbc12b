-- The keys that Go declares as well, in the same spelling. A test compares them.
local OPEN_INDEX = 'job:timeline:open'
local EVENTS_CHANNEL = 'job:timeline:events'
local DEAD_INDEX = 'job:dead'
local DEAD_PREFIX = 'job:dead:'
local FACTS_SUFFIX = ':facts'
local READING_SUFFIX = ':reading'
local OPEN_PREFIX = 'job:open:'
local OWNED_PREFIX = 'job:owned:'

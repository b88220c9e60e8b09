-- Which keys wrk asks for; put.lua and get.lua load this file.
--
-- Environment: KEYS (number of keys, 10000), DISTRIBUTION (uniform, zipfian or unique; uniform), PREFIX (bench/).
-- zipfian is YCSB's scrambled one at 0.99: drawn from ten billion ranks with its published zeta, then hashed over the keys.
-- unique never repeats a key in a run: the thread, the start time and a counter are in it.

local keys = {}

local count = tonumber(os.getenv("KEYS") or "10000")
local distribution = os.getenv("DISTRIBUTION") or "uniform"
local prefix = os.getenv("PREFIX") or "bench/"

local theta, items, zeta = 0.99, 1e10, 26.46902820178302
local alpha = 1 / (1 - theta)
local zeta2 = 1 + 0.5 ^ theta
local eta = (1 - (2 / items) ^ (1 - theta)) / (1 - zeta2 / zeta)

local function rank()
  local unit = math.random()
  local scaled = unit * zeta
  if scaled < 1 then return 0 end
  if scaled < zeta2 then return 1 end
  return math.floor(items * (eta * unit - eta + 1) ^ alpha)
end

-- A multiplicative scramble that stays exact in doubles: popular ranks land far from each other.
local function scramble(number)
  local low = number % 65536
  local high = math.floor(number / 65536) % 65536
  return (low * 40503 + high * 30011 + low * high % 65521 * 131) % 2147483647
end

-- Each thread has a seed of its own, which wrk's setup() gives it.
function keys.seed(number)
  math.randomseed(number * 7919 + 1)
  keys.thread = number
  keys.run = os.time()
  keys.counter = 0
  if distribution ~= "uniform" and distribution ~= "zipfian" and distribution ~= "unique" then
    error("DISTRIBUTION is uniform, zipfian or unique")
  end
end

function keys.next()
  if distribution == "unique" then
    keys.counter = keys.counter + 1
    return prefix .. keys.run .. "-" .. keys.thread .. "-" .. keys.counter
  elseif distribution == "zipfian" then
    return prefix .. scramble(rank()) % count
  end
  return prefix .. math.random(0, count - 1)
end

return keys

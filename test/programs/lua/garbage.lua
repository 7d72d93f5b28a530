-- The collector: weak tables, ephemerons, finalizers and their order, both modes, a steady heap under churn.
local weak = setmetatable({}, {__mode = "v"})
local kept = {50}
for i = 1, 100 do weak[i] = i == 50 and kept or {i} end
collectgarbage()
local alive = 0
for _ in pairs(weak) do alive = alive + 1 end
print("weak values alive", alive, kept[1])

local ephemerons = setmetatable({}, {__mode = "k"})
for i = 1, 50 do local key = {}; ephemerons[key] = {key} end
collectgarbage()
print("ephemerons alive", next(ephemerons))

local order = {}
for i = 1, 5 do setmetatable({}, {__gc = function() order[#order + 1] = i end}) end
collectgarbage()
print("finalized", table.concat(order, " "))

local resurrected
do local object = setmetatable({tag = "back"}, {__gc = function(o) resurrected = o end}) end
collectgarbage()
print("resurrected", resurrected and resurrected.tag)

local function churn(mode)
  collectgarbage(mode)
  local list, total = nil, 0
  for i = 1, 150000 do
    list = {next = i % 100 ~= 0 and list or nil, value = i, text = "item " .. (i % 1000)}
    total = total + #list.text
  end
  collectgarbage()
  return total, collectgarbage("count") < 20000
end
print("generational", churn("generational"))
print("incremental", churn("incremental"))
print("steps", collectgarbage("step", 100), collectgarbage("isrunning"))
collectgarbage("stop"); print(collectgarbage("isrunning")); collectgarbage("restart")
setmetatable({}, {__gc = function() print("finalized at exit") end})
KEEP = setmetatable({}, {__gc = function() print("global finalized at exit") end})

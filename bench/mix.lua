-- wrk's requests: every path in turn, each time as the next of the people.
-- Arguments: paths and session keys, each joined by commas.

local function split(text)
  local parts = {}
  for part in text:gmatch("[^,]+") do
    parts[#parts + 1] = part
  end
  return parts
end

local requests, turn = {}, 0

function init(args)
  local paths, sessions = split(args[1]), split(args[2])
  for number, session in ipairs(sessions) do
    for offset = 0, #paths - 1 do
      local path = paths[(number + offset) % #paths + 1]
      requests[#requests + 1] = wrk.format("GET", path, { Cookie = "sessionid=" .. session })
    end
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

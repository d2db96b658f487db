-- Posts the lines of a file in turn: wrk -s load.lua URL -- FILE [TOKEN]. Prints one line of JSON at the end.

local ready, turn = {}, 0

function init(words)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  if words[2] and words[2] ~= "" then
    wrk.headers["Authorization"] = "Bearer " .. words[2]
  end
  for body in io.lines(words[1]) do
    ready[#ready + 1] = wrk.format(nil, nil, nil, body)
  end
end

function request()
  turn = turn % #ready + 1
  return ready[turn]
end

function done(summary, latency)
  local failed = summary.errors
  local sent = failed.connect + failed.read + failed.write + failed.timeout
  print(string.format(
    '{"requests":%d,"seconds":%.4f,"p50_us":%d,"p99_us":%d,"refused":%d,"broken":%d}',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50), latency:percentile(99), failed.status, sent))
end

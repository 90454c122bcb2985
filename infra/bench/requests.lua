-- wrk sends the requests of a file, one after the other, as they stand there: HTTP/1.0, as nginx does, so that the
-- server closes each connection and wrk opens another one. The file holds them with a NUL byte between two.
local requests = {}
local at = 0

function init(args)
  local file = assert(io.open(args[1], 'rb'))
  for text in file:read('*a'):gmatch('[^%z]+') do requests[#requests + 1] = text end
  file:close()
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('\nRESULT {"requests":%d,"seconds":%f,"p50":%f,"p95":%f,"p99":%f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,
    -- An answer that ends with its connection counts as a read error for wrk, so those say nothing.
    errors.connect + errors.write + errors.status + errors.timeout))
end

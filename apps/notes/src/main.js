// Serves on $HOST (0.0.0.0) and $PORT (3000) until SIGTERM or Ctrl-C.

import { build } from './app.js'

const GRACE = 5000 // milliseconds for requests that have begun

function serve(host, port) {
  const app = build({ logger: true })
  const stop = () => {
    setTimeout(() => app.server.closeAllConnections(), GRACE).unref()
    app.close()
  }
  // Once: a second signal ends the process as it would any other.
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  app.listen({ host, port }, (error) => {
    if (error) fail(1, error.message)
  })
}

function fail(status, message) {
  console.error(`error: ${message}`)
  process.exit(status)
}

const port = process.env.PORT ?? '3000'
if (!/^[1-9][0-9]{0,4}$/.test(port) || port > 65535) {
  fail(2, `PORT must be a number from 1 to 65535, not '${port}'`)
}
serve(process.env.HOST ?? '0.0.0.0', Number(port))

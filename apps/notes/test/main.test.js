// The real server in its own process.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/main.js', import.meta.url))

async function listening(port = 0) {
  const server = net.createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function freePort() {
  const probe = await listening()
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  return port
}

/** The server's process; `ended` is its exit status, its signal, and what it wrote. It doesn't outlive the test. */
function start(t, port) {
  const child = spawn(process.execPath, [main], { env: { ...process.env, HOST: '127.0.0.1', PORT: String(port) } })
  t.after(() => child.kill('SIGKILL'))
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)])
  return { child, ended: ended.then(([[status, signal], stdout, stderr]) => ({ status, signal, stdout, stderr })) }
}

/** The status that /health answers with, waiting for the server to come up. */
async function health(port) {
  for (const deadline = Date.now() + 20_000; ; ) {
    try {
      return (await fetch(`http://127.0.0.1:${port}/health`)).status
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  it(`answers what it has begun before ${signal} ends it, and ends well`, async (t) => {
    const port = await freePort()
    const { child, ended } = start(t, port)
    assert.equal(await health(port), 200)

    const request = http.request({ port, host: '127.0.0.1', path: '/notes', method: 'POST', headers: { 'Content-Type': 'application/json', Expect: '100-continue' } })
    request.flushHeaders()
    await once(request, 'continue') // the server has seen the request, and waits for its body
    child.kill(signal)
    await assert.rejects(async () => {
      for (;;) await fetch(`http://127.0.0.1:${port}/health`).then((answer) => answer.text())
    })
    request.end('{"text":"Milk"}')
    const [answer] = await once(request, 'response')
    assert.deepEqual([answer.statusCode, await text(answer)], [201, '{"id":"1","text":"Milk"}'])

    const answered = Date.now()
    const { status, stderr } = await ended
    assert.deepEqual([status, stderr], [0, ''])
    assert.ok(Date.now() - answered < 2000, 'it waited for nothing')
  })
}

it('waits only so long for a client that never ends', async (t) => {
  const port = await freePort()
  const { child, ended } = start(t, port)
  assert.equal(await health(port), 200)
  const socket = net.connect(port, '127.0.0.1')
  socket.write('POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n')
  await once(socket, 'data')
  child.kill('SIGTERM')
  assert.equal((await ended).status, 0)
})

it('refuses a bad port', async (t) => {
  for (const port of ['', 'http', '0', '65536', '-1', '٨٠', '1e3']) {
    const { status, stderr } = await start(t, port).ended
    assert.deepEqual([status, stderr], [2, `error: PORT must be a number from 1 to 65535, not '${port}'\n`])
  }
})

it('says that the port is taken', async (t) => {
  const other = await listening()
  t.after(() => other.close())
  const { port } = other.address()
  const { status, stderr } = await start(t, port).ended
  assert.deepEqual([status, stderr], [1, `error: listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`])
})
